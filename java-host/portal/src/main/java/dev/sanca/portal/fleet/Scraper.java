package dev.sanca.portal.fleet;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Reads the metrics of every service and keeps them as series. */
final class Scraper {
    private static final Duration LIMIT = Duration.ofSeconds(2);
    private static final double WELL = 0.05;
    private final Map<String, MetricSeries> series = new LinkedHashMap<>();
    private final List<ServiceSpec> services;
    private final ServiceHttp http;

    Scraper(List<ServiceSpec> services, ServiceHttp http) {
        this.services = services;
        this.http = http;
        services.forEach(service -> series.put(service.name(), new MetricSeries()));
    }

    MetricSeries of(String service) {
        return Objects.requireNonNull(series.get(service));
    }

    void scrapeAll() {
        for (ServiceSpec service : services) {
            read(service).ifPresent(sample -> of(service.name()).add(Instant.now(), sample));
        }
    }

    /** What the service counts at this moment; nothing when it does not answer, or somebody else does. */
    Optional<MetricSample> read(ServiceSpec service) {
        ServiceHttp.Answer answer = http.get(service.port(), "/metrics", LIMIT);
        boolean ours = !answer.failed() && answer.body().contains("db_pool_size");
        return ours ? Optional.of(MetricSample.parse(answer.body())) : Optional.empty();
    }

    /** Whether nearly all requests succeeded since the process started. */
    boolean ranWell(ServiceSpec service) {
        return read(service)
                .filter(sample -> sample.requests() > 0 && sample.failed() / sample.requests() < WELL)
                .isPresent();
    }

    void clear() {
        series.values().forEach(MetricSeries::clear);
    }
}
