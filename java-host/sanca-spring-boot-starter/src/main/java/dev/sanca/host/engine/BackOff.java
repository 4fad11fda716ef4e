package dev.sanca.host.engine;

import java.time.Duration;

/** Pauses that double from half a second to half a minute, and begin anew after a minute of health. */
final class BackOff {
    private static final Duration FIRST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final Duration HEALTH = Duration.ofMinutes(1);
    private Duration pause = FIRST;
    private long healthySince;

    Duration next() {
        Duration current = pause;
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        return current;
    }

    /** It serves from now on. */
    void healthy() {
        healthySince = System.nanoTime();
    }

    /** It still serves. */
    void stillHealthy() {
        if (System.nanoTime() - healthySince > HEALTH.toNanos()) {
            pause = FIRST;
        }
    }
}
