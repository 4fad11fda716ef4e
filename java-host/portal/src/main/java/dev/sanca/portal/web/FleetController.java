package dev.sanca.portal.web;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.LogLevel;
import dev.sanca.host.toolkit.system.SystemFacts.LogEntry;
import dev.sanca.host.toolkit.system.SystemFacts.MetricPoint;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceState;
import dev.sanca.portal.fault.FaultService;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.fleet.FleetSystem;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The fleet panel. */
@Tag(name = "fleet")
@RestController
@RequestMapping("/api/fleet")
class FleetController {
    private static final int LOG_MINUTES = 60;
    private static final int MOST_MINUTES = 30;
    private static final int MOST_LINES = 1000;
    private final Fleet fleet;
    private final FleetSystem system;
    private final FaultService faults;

    FleetController(Fleet fleet, FleetSystem system, FaultService faults) {
        this.fleet = fleet;
        this.system = system;
        this.faults = faults;
    }

    record FleetView(List<ServiceView> services, List<FaultView> faults) {}

    record ServiceView(
            String name,
            String status,
            @Nullable String release,
            @Nullable Long pid,
            int port,
            List<String> dependsOn,
            double uptimeSeconds,
            double requestsPerSecond,
            double errorRate,
            double latencyP95Ms) {}

    @Operation(summary = "All services and faults")
    @GetMapping
    FleetView fleet() {
        List<ServiceView> services = system.services().stream().map(this::view).toList();
        return new FleetView(services, faults.all().stream().map(FaultView::of).toList());
    }

    @Operation(summary = "Metric series of a service")
    @GetMapping("/{service}/metrics")
    Map<String, List<MetricPoint>> metrics(
            @PathVariable("service") String service,
            @RequestParam(name = "names", required = false) @Nullable List<String> names,
            @RequestParam(name = "minutes", defaultValue = "15") int minutes) {
        return system.metrics(service, names, Math.max(1, Math.min(minutes, MOST_MINUTES)));
    }

    @Operation(summary = "The newest log entries of a service, newest last")
    @GetMapping("/{service}/logs")
    List<LogEntry> logs(
            @PathVariable("service") String service,
            @RequestParam(name = "level", required = false) @Nullable String level,
            @RequestParam(name = "limit", defaultValue = "200") int limit) {
        return system.logs(service, level(level), null, LOG_MINUTES, Math.max(1, Math.min(limit, MOST_LINES)));
    }

    @Operation(summary = "Everything as on the first day")
    @PostMapping("/reset")
    FleetView reset() {
        fleet.reset();
        faults.clear();
        return fleet();
    }

    private ServiceView view(ServiceState state) {
        List<MetricPoint> rates = system.metrics(state.name(), List.of("requests_per_second"), 1)
                .getOrDefault("requests_per_second", List.of());
        boolean counts = !rates.isEmpty() && state.pid() != null;
        return new ServiceView(
                state.name(),
                state.status(),
                state.release(),
                state.pid(),
                state.port(),
                state.dependsOn(),
                state.uptimeSeconds(),
                counts ? rates.get(rates.size() - 1).value() : 0,
                state.errorRate(),
                state.latencyP95Ms());
    }

    private static @Nullable LogLevel level(@Nullable String name) {
        if (name == null || name.isEmpty()) {
            return null;
        }
        return Arrays.stream(LogLevel.values())
                .filter(level -> level.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ToolArgumentException(
                        "level", "There is no level '" + name + "': there are DEBUG, INFO, WARN and ERROR."));
    }
}
