package dev.sanca.host.engine;

/**
 * An event of a session.
 *
 * @param runId its run; empty: the place before all events
 * @param seq its number in the run
 */
public record EventPlace(String runId, long seq) {
    /** Before all events of a session. */
    public static final EventPlace START = new EventPlace("", 0);
}
