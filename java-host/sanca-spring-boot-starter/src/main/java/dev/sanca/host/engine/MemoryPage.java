package dev.sanca.host.engine;

import java.util.List;

/**
 * What was found in memory.
 *
 * @param next the mark of the next page; empty: there is none
 * @param counts of everything the user may see
 * @param store sqlite or elasticsearch
 * @param notice one sentence when the store is not reached or lags behind; empty: nothing to say
 */
public record MemoryPage(List<MemoryItem> items, String next, List<LayerCount> counts, String store, String notice) {

    /** How much of a layer there is. */
    public record LayerCount(String layer, long records) {}
}
