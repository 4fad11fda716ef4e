package dev.sanca.host.contract;

/**
 * Where something is.
 *
 * @param x how far to the right
 * @param y how far up
 */
record Point(int x, int y) {}
