package dev.sanca.portal.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MetricSampleTests {
    private static final String BEFORE = text(10, 10, 10);
    private static final String AFTER = text(10, 50, 110);

    private static String text(int fast, int middle, int all) {
        String bucket = "http_request_duration_seconds_bucket{le=\"";
        return "# TYPE x counter\n" + bucket + "0.1\"} " + fast + "\n" + bucket + "0.2\"} " + middle + "\n" + bucket
                + "+Inf\"} " + all + "\nhttp_request_duration_seconds_count " + all
                + "\nhttp_requests_failed_total 3\nprocess_start_time_seconds 5.0\n";
    }

    @Test
    void thePercentileIsOfTheRequestsBetweenTwoScrapes() {
        MetricSample before = MetricSample.parse(text(0, 0, 0));
        MetricSample after = MetricSample.parse(text(0, 100, 100));
        assertThat(after.latencyP95Ms(before)).isEqualTo(195.0, within(0.1));
    }

    @Test
    void beyondTheLastBucketItsEdgeIsTold() {
        assertThat(MetricSample.parse(AFTER).latencyP95Ms(MetricSample.parse(BEFORE)))
                .isEqualTo(200.0);
    }

    @Test
    void withoutRequestsThereIsNoLatency() {
        assertThat(MetricSample.parse(BEFORE).latencyP95Ms(MetricSample.parse(BEFORE)))
                .isZero();
    }

    @Test
    void countersAreReadByName() {
        assertThat(MetricSample.parse(AFTER).requests()).isEqualTo(110);
        assertThat(MetricSample.parse(AFTER).failed()).isEqualTo(3);
    }
}
