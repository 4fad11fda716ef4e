package dev.sanca.portal.fleet;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The clock of the fleet: traffic every second, a scrape every few. */
final class Pulse implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Pulse.class);
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2, task -> {
        Thread thread = new Thread(task, "fleet-pulse");
        thread.setDaemon(true);
        return thread;
    });
    private final Traffic traffic;
    private final Scraper scraper;
    private final Duration scrapeInterval;
    private volatile boolean paused;

    Pulse(Traffic traffic, Scraper scraper, Duration scrapeInterval) {
        this.traffic = traffic;
        this.scraper = scraper;
        this.scrapeInterval = scrapeInterval;
    }

    void start() {
        clock.scheduleAtFixedRate(() -> guarded(traffic::second), 0, 1000, TimeUnit.MILLISECONDS);
        long every = scrapeInterval.toMillis();
        clock.scheduleWithFixedDelay(() -> guarded(scraper::scrapeAll), every / 2, every, TimeUnit.MILLISECONDS);
    }

    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    private void guarded(Runnable beat) {
        if (paused) {
            return;
        }
        try {
            beat.run();
        } catch (RuntimeException error) {
            log.warn(
                    "One beat of the fleet failed; the next one comes.",
                    error); // an escaping error would end the schedule
        }
    }
}
