package dev.sanca.host.engine;

/** A configured model; its key never leaves the engine. */
public record ModelInfo(String role, String kind, String model, String baseUrl, boolean hasKey, String source) {}
