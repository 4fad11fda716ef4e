package dev.sanca.host.contract;

/** How much something matters. */
enum Level {
    DEBUG,
    WARN,
    ERROR
}
