package dev.sanca.host.engine;

/** How the engine stands, without asking it. */
public interface EngineStatus {
    EngineState state();
}
