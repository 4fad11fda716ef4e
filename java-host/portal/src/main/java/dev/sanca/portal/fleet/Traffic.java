package dev.sanca.portal.fleet;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Visitors of the shop: some requests each second through the storefront, a few at once as people come. */
final class Traffic {
    private static final int MOST_OPEN = 60;
    private final ServiceHttp http;
    private final int port;
    private final List<SampleRequest> samples;
    private final int perSecond;
    private final AtomicInteger open = new AtomicInteger();
    private int next;

    Traffic(ServiceHttp http, int port, List<SampleRequest> samples, int perSecond) {
        this.http = http;
        this.port = port;
        this.samples = samples;
        this.perSecond = perSecond;
    }

    /** Sends the requests of one second; called once a second by one thread. */
    void second() {
        for (int i = 0; i < perSecond && open.get() < MOST_OPEN; i++) {
            SampleRequest sample = samples.get(next++ % samples.size());
            open.incrementAndGet();
            http.call(port, sample, "").whenComplete((answer, error) -> open.decrementAndGet());
        }
    }
}
