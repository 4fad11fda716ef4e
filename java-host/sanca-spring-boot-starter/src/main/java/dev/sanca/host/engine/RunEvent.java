package dev.sanca.host.engine;

/**
 * One AG-UI event, as the engine wrote it.
 *
 * @param seq 1, 2, 3 … within a run; 0: of a run that is held, the event comes again with its number
 */
public record RunEvent(String runId, long seq, String json) {}
