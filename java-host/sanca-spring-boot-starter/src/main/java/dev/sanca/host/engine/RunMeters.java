package dev.sanca.host.engine;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts and times the runs that this host started. */
final class RunMeters {
    private final MeterRegistry meters;
    private final AtomicInteger live = new AtomicInteger();

    RunMeters(MeterRegistry meters) {
        this.meters = meters;
        Gauge.builder("sanca.runs.live", live, AtomicInteger::get)
                .description("Runs whose events this host listens to")
                .register(meters);
    }

    /** A run begins; the returned clock is handed back when it ends. */
    Timer.Sample begin(String kind) {
        live.incrementAndGet();
        meters.counter("sanca.runs", "kind", kind).increment();
        return Timer.start(meters);
    }

    void end(Timer.Sample clock, String outcome) {
        live.decrementAndGet();
        clock.stop(meters.timer("sanca.run.seconds", "outcome", outcome));
    }
}
