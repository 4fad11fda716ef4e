package dev.sanca.portal.fault;

import dev.sanca.host.toolkit.system.ManagedSystem;
import dev.sanca.host.toolkit.system.SystemFacts.PortState;
import dev.sanca.portal.fault.FaultCatalogue.Programs;
import dev.sanca.portal.fleet.FleetOperations;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Another program takes a service's port while the service restarts. */
final class PortClash implements FaultMaker {
    private final FleetOperations fleet;
    private final ManagedSystem system;
    private final Programs programs;

    PortClash(FleetOperations fleet, ManagedSystem system, Programs programs) {
        this.fleet = fleet;
        this.system = system;
        this.programs = programs;
    }

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        List<String> candidates =
                services.stream().filter(programs.services()::contains).toList();
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        String service = dice.oneOf(candidates);
        String program = dice.oneOf(programs.programs());
        String description = "The program " + program + " took the port of " + service + " while it restarted.";
        return Optional.of(new Draft(service, description, Map.of("program", program)));
    }

    @Override
    public void make(Draft draft) {
        fleet.takePort(draft.service(), draft.cause("program"), "scheduler", "nightly restart");
    }

    @Override
    public Optional<String> remains(Fault fault) {
        PortState port = system.ports().stream()
                .filter(state -> state.service().equals(fault.service()))
                .findFirst()
                .orElseThrow();
        if (port.pid() == null) {
            return Optional.of("nobody listens on port " + port.port() + " of " + fault.service());
        }
        return port.conflict()
                ? Optional.of("process " + port.pid() + " holds port " + port.port() + " of " + fault.service())
                : Optional.empty();
    }
}
