package dev.sanca.portal.fleet;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The numbers of one scrape of {@code GET /metrics}; counters since the process started. */
record MetricSample(Map<String, Double> values, Map<Double, Double> buckets) {
    private static final String BUCKET = "http_request_duration_seconds_bucket{le=\"";

    /** Reads the Prometheus text format as far as the services use it. */
    static MetricSample parse(String text) {
        Map<String, Double> values = new LinkedHashMap<>();
        Map<Double, Double> buckets = new TreeMap<>();
        text.lines().filter(line -> !line.startsWith("#") && !line.isBlank()).forEach(line -> {
            int space = line.lastIndexOf(' ');
            String name = line.substring(0, space);
            double value = Double.parseDouble(line.substring(space + 1));
            if (name.startsWith(BUCKET)) {
                String edge = name.substring(BUCKET.length(), name.indexOf('"', BUCKET.length()));
                buckets.put(edge.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(edge), value);
            } else {
                values.put(name, value);
            }
        });
        return new MetricSample(values, buckets);
    }

    double value(String name) {
        return values.getOrDefault(name, 0.0);
    }

    double requests() {
        return value("http_request_duration_seconds_count");
    }

    double failed() {
        return value("http_requests_failed_total");
    }

    boolean isSameProcess(MetricSample other) {
        return value("process_start_time_seconds") == other.value("process_start_time_seconds");
    }

    /** The 95th percentile of requests since {@code earlier}, in milliseconds, interpolated inside its bucket. */
    double latencyP95Ms(MetricSample earlier) {
        double total = requests() - earlier.requests();
        if (total <= 0) {
            return 0;
        }
        double wanted = total * 0.95;
        double lower = 0;
        double below = 0;
        for (Map.Entry<Double, Double> bucket : buckets.entrySet()) {
            double count = bucket.getValue() - earlier.buckets().getOrDefault(bucket.getKey(), 0.0);
            if (count >= wanted) {
                double upper = bucket.getKey().isInfinite() ? lower : bucket.getKey();
                double share = count > below ? (wanted - below) / (count - below) : 1;
                return Math.round((lower + (upper - lower) * share) * 10_000) / 10.0;
            }
            lower = bucket.getKey();
            below = count;
        }
        return lower * 1000;
    }

    static MetricSample empty() {
        return new MetricSample(Map.of(), Map.of());
    }
}
