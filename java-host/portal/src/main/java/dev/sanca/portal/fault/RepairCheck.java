package dev.sanca.portal.fault;

import dev.sanca.host.toolkit.system.ManagedSystem;
import dev.sanca.host.toolkit.system.SystemFacts.ProbeResult;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceHealth;
import java.util.List;
import java.util.Locale;

/** Sends fresh requests to a service and wants all of them answered well and fast. */
final class RepairCheck {
    private static final int REQUESTS = 12;
    private static final double SLOW_MS = 800;
    private final ManagedSystem system;

    RepairCheck(ManagedSystem system) {
        this.system = system;
    }

    FaultService.CheckResult run(String service) {
        ServiceHealth health = system.health(service);
        if (health.httpStatus() == null
                || health.httpStatus() != 200
                || health.status().equals("down")) {
            return not(service + " is not healthy: " + health.message());
        }
        ProbeResult probe = system.probe(service, "", REQUESTS);
        if (probe.failed() > 0) {
            return not(probe.failed() + " of " + probe.requests() + " fresh requests failed: " + probe.sampleError());
        }
        double median = median(probe.latenciesMs());
        if (median > SLOW_MS) {
            return not(String.format(Locale.ROOT, "fresh requests take %.0f ms", median));
        }
        return new FaultService.CheckResult(
                true,
                String.format(
                        Locale.ROOT,
                        "Repaired: %d of %d fresh requests succeeded, in %.0f ms (median), and the cause is gone.",
                        probe.requests(),
                        probe.requests(),
                        median));
    }

    private static FaultService.CheckResult not(String why) {
        return new FaultService.CheckResult(false, "Not repaired: " + why + ".");
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
