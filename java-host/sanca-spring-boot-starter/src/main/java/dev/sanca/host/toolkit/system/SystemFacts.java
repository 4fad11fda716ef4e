package dev.sanca.host.toolkit.system;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the reading tools of {@link SystemToolkit} return. */
public final class SystemFacts {
    private SystemFacts() {}

    /** @param status {@code up}, {@code degraded} or {@code down} */
    public record ServiceState(
            String name,
            String status,
            @Nullable String release,
            @Nullable Long pid,
            int port,
            List<String> dependsOn,
            double uptimeSeconds,
            double errorRate,
            double latencyP95Ms) {}

    public record HealthCheck(boolean ok, String message) {}

    /** @param httpStatus null: the service did not answer */
    public record ServiceHealth(
            String service,
            String status,
            @Nullable Integer httpStatus,
            String message,
            double latencyMs,
            Map<String, HealthCheck> checks) {}

    public record ProbeResult(
            String service,
            int requests,
            int failed,
            List<Double> latenciesMs,
            @Nullable String sampleError) {}

    public record LogEntry(
            Instant time,
            String level,
            String logger,
            String message,
            @Nullable String traceId,
            @Nullable String stack) {}

    public record MetricPoint(Instant time, double value) {}

    public record Release(
            String tag, String commit, String author, Instant date, String message, List<String> services) {}

    /** @param kind {@code deploy}, {@code rollback}, {@code restart} or {@code config} */
    public record Deployment(
            String service, String release, Instant at, String by, String kind, String outcome, String message) {}

    public record Commit(String commit, String author, Instant date, String message, List<String> files) {}

    public record FileDiff(String path, int added, int removed, String patch) {}

    public record Diff(String fromRef, String toRef, List<FileDiff> files) {}

    public record BlameLine(int line, String commit, String author, Instant date, String text) {}

    public record ServiceConfig(
            String service, String path, @Nullable String release, Map<String, Object> values) {}

    /** @param conflict somebody else holds the port */
    public record PortState(
            int port,
            String service,
            @Nullable Long expectedPid,
            @Nullable Long pid,
            @Nullable String process,
            boolean conflict) {}

    public record DiskEntry(String path, long bytes, Instant modified) {}

    public record DiskUsage(String service, long quotaBytes, long usedBytes, List<DiskEntry> entries) {}
}
