package dev.sanca.host.toolkit.system;

/** How grave a log line is; a filter by level is a minimum. */
public enum LogLevel {
    DEBUG,
    INFO,
    WARN,
    ERROR
}
