package dev.sanca.portal.fault;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Draws; the same seed draws the same. */
final class Dice {
    private static final List<String> AUTHORS = List.of(
            "Mara Lindqvist <mara@shop.example>",
            "Jonas Weber <jonas@shop.example>",
            "Li Na <lina@shop.example>",
            "Amara Okafor <amara@shop.example>");
    private final SplittableRandom random;

    Dice(long seed) {
        this.random = new SplittableRandom(seed);
    }

    <T> T oneOf(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    boolean coin() {
        return random.nextBoolean();
    }

    String author() {
        return oneOf(AUTHORS);
    }

    /** A commit message for a service. */
    String message(List<String> templates, String service) {
        return oneOf(templates).replace("{service}", service);
    }

    /** The plan of a release: who writes what. */
    Map<String, String> release(String message) {
        return Map.of("author", author(), "message", message);
    }
}
