package dev.sanca.host.engine;

/**
 * How the engine stands, as this host sees it.
 *
 * @param sentence what is so, and what to do about it
 */
public record EngineState(Phase phase, String sentence) {
    /** Where it is in its life. */
    public enum Phase {
        OFF,
        STARTING,
        UP,
        DOWN
    }
}
