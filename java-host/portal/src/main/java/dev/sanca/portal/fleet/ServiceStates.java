package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.system.SystemFacts.DiskEntry;
import dev.sanca.host.toolkit.system.SystemFacts.DiskUsage;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceHealth;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** How each service is at this moment. */
final class ServiceStates {
    private static final Duration HEALTH_LIMIT = Duration.ofSeconds(3);
    private static final Duration FRESH = Duration.ofSeconds(15);
    private static final double MOST_ERRORS = 0.05;
    private static final double SLOW_MS = 1000;
    private static final int MOST_ENTRIES = 200;
    private final Fleet fleet;

    ServiceStates(Fleet fleet) {
        this.fleet = fleet;
    }

    List<ServiceState> all() {
        List<CompletableFuture<ServiceState>> pending = fleet.specs().stream()
                .map(spec -> CompletableFuture.supplyAsync(() -> state(fleet.runner(spec.name()))))
                .toList();
        return pending.stream().map(CompletableFuture::join).toList();
    }

    ServiceHealth health(ServiceRunner runner) {
        ServiceSpec spec = runner.spec();
        ServiceHealth answer = HealthAnswers.of(spec.name(), fleet.http().get(spec.port(), "/health", HEALTH_LIMIT));
        if (runner.alive().isPresent() || !answer.status().equals("down")) {
            return answer;
        }
        String message = "the process has ended; on its port: " + answer.message();
        return new ServiceHealth(
                spec.name(), "down", answer.httpStatus(), message, answer.latencyMs(), answer.checks());
    }

    DiskUsage disk(ServiceRunner runner) {
        String service = runner.spec().name();
        List<DiskEntry> entries = new DataFolder(fleet.paths().data(service)).entries();
        long used = entries.stream().mapToLong(DiskEntry::bytes).sum();
        return new DiskUsage(
                service, quota(runner.spec()), used, entries.subList(0, Math.min(MOST_ENTRIES, entries.size())));
    }

    private long quota(ServiceSpec spec) {
        ConfigEditor configs = new ConfigEditor(fleet);
        Map<String, Object> values = configs.read(spec, configs.deployed(spec)).values();
        return values.get("storage.quota_bytes") instanceof Long quota ? quota : 0;
    }

    private ServiceState state(ServiceRunner runner) {
        ServiceSpec spec = runner.spec();
        ServiceHealth health = health(runner);
        MetricSeries.Point now = fleet.scraper().of(spec.name()).newest(FRESH);
        boolean alive = runner.alive().isPresent();
        double errors = alive ? now.value("error_rate") : 0;
        double latency = alive ? now.value("latency_p95_ms") : 0;
        return new ServiceState(
                spec.name(),
                status(health, errors, latency),
                fleet.deployer().deployed(spec.name()).orElse(null),
                runner.alive().map(ServiceRunner.Running::pid).orElse(null),
                spec.port(),
                spec.dependsOn(),
                runner.alive().map(ServiceStates::uptime).orElse(0.0),
                errors,
                latency);
    }

    private static String status(ServiceHealth health, double errors, double latency) {
        if (health.status().equals("up") && (errors > MOST_ERRORS || latency > SLOW_MS)) {
            return "degraded";
        }
        return health.status();
    }

    private static double uptime(ServiceRunner.Running running) {
        return Duration.between(running.startedAt(), Instant.now()).toMillis() / 1000.0;
    }
}
