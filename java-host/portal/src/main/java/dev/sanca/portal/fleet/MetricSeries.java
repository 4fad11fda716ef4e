package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.system.SystemFacts.MetricPoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The series of one service for the last half hour. Rates and percentiles are over the last few scrapes. */
final class MetricSeries {
    static final List<String> NAMES = List.of(
            "requests_per_second",
            "error_rate",
            "latency_p95_ms",
            "pool_in_use",
            "pool_size",
            "pool_waiting",
            "disk_used_bytes",
            "disk_quota_bytes",
            "memory_mb");
    private static final Duration KEPT = Duration.ofMinutes(30);
    private static final int WINDOW = 4;
    private final Deque<Scrape> window = new ArrayDeque<>();
    private final Deque<Point> points = new ArrayDeque<>();

    private record Scrape(Instant at, MetricSample sample) {}

    /** All values of one moment. */
    record Point(Instant at, Map<String, Double> values) {
        double value(String name) {
            return values.getOrDefault(name, 0.0);
        }
    }

    synchronized void add(Instant at, MetricSample sample) {
        if (!window.isEmpty() && !window.getLast().sample().isSameProcess(sample)) {
            window.clear();
        }
        Scrape first = window.isEmpty() ? null : window.getFirst();
        points.addLast(new Point(at, values(first, at, sample)));
        window.addLast(new Scrape(at, sample));
        if (window.size() > WINDOW) {
            window.removeFirst();
        }
        while (points.getFirst().at().isBefore(at.minus(KEPT))) {
            points.removeFirst();
        }
    }

    synchronized void clear() {
        window.clear();
        points.clear();
    }

    /** The newest values, unless they are older than {@code notOlderThan}. */
    synchronized Point newest(Duration notOlderThan) {
        Point last = points.peekLast();
        boolean fresh = last != null && last.at().isAfter(Instant.now().minus(notOlderThan));
        return fresh ? last : new Point(Instant.now(), Map.of());
    }

    synchronized Map<String, List<MetricPoint>> since(Instant since, List<String> names) {
        Map<String, List<MetricPoint>> series = new LinkedHashMap<>();
        for (String name : names) {
            List<MetricPoint> values = new ArrayList<>();
            points.stream()
                    .filter(point -> point.at().isAfter(since))
                    .forEach(point -> values.add(new MetricPoint(point.at(), point.value(name))));
            series.put(name, values);
        }
        return series;
    }

    private static Map<String, Double> values(@Nullable Scrape first, Instant at, MetricSample now) {
        MetricSample before = first == null ? MetricSample.empty() : first.sample();
        double seconds = first == null
                ? Math.max(0.5, at.toEpochMilli() / 1000.0 - now.value("process_start_time_seconds"))
                : Math.max(0.001, Duration.between(first.at(), at).toMillis() / 1000.0);
        double requests = now.requests() - before.requests();
        double failed = now.failed() - before.failed();
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("requests_per_second", rounded(requests / seconds));
        values.put("error_rate", requests > 0 ? rounded(failed / requests) : 0.0);
        values.put("latency_p95_ms", now.latencyP95Ms(before));
        values.put("pool_in_use", now.value("db_pool_in_use"));
        values.put("pool_size", now.value("db_pool_size"));
        values.put("pool_waiting", now.value("db_pool_waiting"));
        values.put("disk_used_bytes", now.value("disk_used_bytes"));
        values.put("disk_quota_bytes", now.value("disk_quota_bytes"));
        values.put("memory_mb", rounded(now.value("process_resident_memory_bytes") / 1e6));
        return values;
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
