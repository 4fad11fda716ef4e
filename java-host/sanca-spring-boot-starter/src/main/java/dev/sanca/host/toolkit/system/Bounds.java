package dev.sanca.host.toolkit.system;

import dev.sanca.host.toolkit.ToolArgumentException;

/** Refuses numbers that make no sense, in one sentence. */
final class Bounds {
    private Bounds() {}

    static int between(String argument, int value, int least, int most) {
        if (value < least || value > most) {
            String range = most == Integer.MAX_VALUE ? "at least " + least : "from " + least + " to " + most;
            throw new ToolArgumentException(
                    argument, "The argument '" + argument + "' must be " + range + ", not " + value + ".");
        }
        return value;
    }
}
