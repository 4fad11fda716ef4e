package dev.sanca.host.toolkit;

/** Whether a person must agree before a tool runs. {@link #AUTO} asks for every effect but a read. */
public enum Approval {
    AUTO,
    ALWAYS,
    NEVER
}
