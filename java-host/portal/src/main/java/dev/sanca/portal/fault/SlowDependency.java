package dev.sanca.portal.fault;

import dev.sanca.portal.fault.FaultCatalogue.Maintenance;
import dev.sanca.portal.fleet.FleetOperations;
import dev.sanca.portal.fleet.ServiceSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An operator starts maintenance that locks a service's tables for longer than its callers wait. */
final class SlowDependency implements FaultMaker {
    private static final int SEGMENTS = 480;
    private final FleetOperations fleet;
    private final Maintenance maintenance;

    SlowDependency(FleetOperations fleet, Maintenance maintenance) {
        this.fleet = fleet;
        this.maintenance = maintenance;
    }

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        List<String> candidates =
                services.stream().filter(maintenance.services()::contains).toList();
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        String service = dice.oneOf(candidates);
        String task = dice.oneOf(maintenance.tasks());
        long hold = Math.round(longestWait(service) * dice.oneOf(maintenance.factors()));
        String by = dice.author().replaceFirst(" <.*", "");
        String description = by + " started a " + task + " in " + service + ", which locks its tables for " + hold
                + " ms at a time.";
        return Optional.of(
                new Draft(service, description, Map.of("task", task, "hold", Long.toString(hold), "by", by)));
    }

    @Override
    public void make(Draft draft) {
        long hold = Long.parseLong(draft.cause("hold"));
        fleet.startMaintenance(draft.service(), draft.cause("task"), hold, SEGMENTS, draft.cause("by"));
    }

    @Override
    public Optional<String> remains(Fault fault) {
        boolean runs = fleet.isMaintenanceRunning(fault.service());
        return runs
                ? Optional.of("the " + fault.cause("task") + " in " + fault.service() + " still runs")
                : Optional.empty();
    }

    /** The longest time limit that a caller has for this service. */
    private long longestWait(String service) {
        return fleet.services().stream()
                .filter(caller -> caller.dependsOn().contains(service))
                .mapToLong(caller -> limit(caller, service))
                .max()
                .orElseThrow();
    }

    private long limit(ServiceSpec caller, String service) {
        Object value = fleet.deployedConfig(caller.name()).values().get("dependencies." + service + ".timeout_ms");
        return value instanceof Long limit ? Math.max(1000, limit) : 2000;
    }
}
