package dev.sanca.host.engine;

/**
 * One reason why something was recalled.
 *
 * @param kind words, meaning, speaker, time, neighbour, second_look, recent, helped or filter
 * @param share its part of the score, 0 to 1
 */
public record MemoryReason(String kind, String detail, double share) {}
