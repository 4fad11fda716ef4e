package dev.sanca.host.engine;

import java.util.List;

/**
 * What is looked for in memory.
 *
 * @param query plain language; empty: a list, newest first
 * @param layers empty: all
 * @param sessionId empty: every session of the user
 * @param document pieces of one document only; empty: of all
 * @param ids only these; empty: all
 * @param limit 0: the engine's own
 * @param after the mark of the page before; empty: from the start
 */
public record MemoryQuery(
        String query,
        List<String> layers,
        String sessionId,
        String document,
        List<String> ids,
        int limit,
        String after) {
    public MemoryQuery {
        layers = List.copyOf(layers);
        ids = List.copyOf(ids);
    }
}
