package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.SystemFacts.PortState;
import dev.sanca.host.toolkit.system.SystemRepairs.StoppedProcess;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who holds the services' ports, and the stopping of those who should not. */
final class ServicePorts {
    private static final Logger log = LoggerFactory.getLogger(ServicePorts.class);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(3);
    private final Fleet fleet;

    ServicePorts(Fleet fleet) {
        this.fleet = fleet;
    }

    List<PortState> all() {
        List<ServiceSpec> specs = fleet.specs();
        Map<Integer, Long> holders =
                PortTable.listeners(specs.stream().map(ServiceSpec::port).collect(Collectors.toSet()));
        return specs.stream().map(spec -> state(spec, holders.get(spec.port()))).toList();
    }

    /** @throws ToolArgumentException the process holds no service's port, or is the service itself */
    StoppedProcess stop(long pid, String reason, String user) {
        PortState held = all().stream()
                .filter(state -> state.pid() != null && state.pid() == pid)
                .findFirst()
                .orElseThrow(() -> new ToolArgumentException(
                        "pid", "Process " + pid + " holds no service's port, so it is not stopped from here."));
        if (!held.conflict()) {
            throw new ToolArgumentException(
                    "pid", "Process " + pid + " is " + held.service() + " itself: use restart, not stop_process.");
        }
        boolean stopped = end(pid);
        log.info("{} stopped process {} on port {}: {}", user, pid, held.port(), reason);
        String process = held.process() == null ? "unknown" : held.process();
        return new StoppedProcess(pid, process, held.port(), held.service(), stopped);
    }

    private PortState state(ServiceSpec spec, @Nullable Long holder) {
        Long expected = fleet.runner(spec.name())
                .alive()
                .map(ServiceRunner.Running::pid)
                .orElse(null);
        Optional<String> process = holder == null ? Optional.empty() : PortTable.describe(holder);
        boolean conflict = holder != null && !holder.equals(expected);
        return new PortState(spec.port(), spec.name(), expected, holder, process.orElse(null), conflict);
    }

    private static boolean end(long pid) {
        Optional<ProcessHandle> process = ProcessHandle.of(pid);
        process.ifPresent(ProcessHandle::destroy);
        if (!hasEnded(process)) {
            process.ifPresent(ProcessHandle::destroyForcibly);
        }
        return hasEnded(process);
    }

    private static boolean hasEnded(Optional<ProcessHandle> process) {
        try {
            if (process.isPresent()) {
                process.get().onExit().get(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            }
            return true;
        } catch (TimeoutException | ExecutionException still) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
