package dev.sanca.host.engine;

/** Whether a model answered, in one sentence. */
public record ModelTest(boolean ok, String message, double seconds) {}
