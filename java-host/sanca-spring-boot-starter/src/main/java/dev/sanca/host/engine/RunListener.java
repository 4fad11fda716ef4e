package dev.sanca.host.engine;

/**
 * Hears a stream of events, one call at a time. A slow listener slows only its own stream. Either {@link #onEnd} or
 * {@link #onFailure} is called last, once.
 */
public interface RunListener {
    void onEvent(RunEvent event);

    default void onEnd() {}

    default void onFailure(EngineException failure) {}
}
