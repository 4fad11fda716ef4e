package dev.sanca.host.toolkit;

/** What a call does to the world. Everything but {@link #READ} asks a person first, unless policy says otherwise. */
public enum Effect {
    READ,
    WRITE,
    DESTRUCTIVE
}
