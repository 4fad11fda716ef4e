package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.portal.git.GitRepository.Change;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What developers and operators of the shop do from day to day, and what can happen on its machine. Faults are made of
 * nothing but this, so that they leave the traces that such things leave.
 */
public final class FleetOperations {
    private final Fleet fleet;

    public FleetOperations(Fleet fleet) {
        this.fleet = fleet;
    }

    /** Waits until every service was started. */
    public void awaitStarted() {
        fleet.awaitStarted();
    }

    public List<ServiceSpec> services() {
        return fleet.specs();
    }

    public ServiceSpec service(String name) {
        return fleet.spec(name);
    }

    /** A file of a service's deployed release. */
    public String deployedFile(String service, String path) {
        return fleet.repository().reader().show(deployed(service), path);
    }

    public ConfigFile deployedConfig(String service) {
        return new ConfigFile(deployedFile(service, fleet.spec(service).configPath()));
    }

    /** Commits files of one service on top of what is deployed, tags and deploys them; returns the tag. */
    public String publish(String service, Map<String, String> files, String author, String message) {
        ServiceRunner runner = fleet.runner(service);
        Change change = new Change(runner.spec().folder(), deployed(service), files, author, message);
        String tag = fleet.repository().release(change);
        String by = author.replaceFirst(" <.*", "");
        fleet.deployer().deploy(runner, new Deployer.Order(tag, by, "deploy", message));
        return tag;
    }

    /** Asks a service for maintenance in the background, as an operator would. */
    public void startMaintenance(String service, String task, long holdMillis, int segments, String by) {
        Map<String, Object> body = Map.of("task", task, "hold_ms", holdMillis, "segments", segments, "by", by);
        ServiceHttp.Answer answer = fleet.http()
                .postJson(
                        fleet.spec(service).port(),
                        "/admin/maintenance",
                        fleet.credentials().operator(),
                        body);
        if (answer.failed()) {
            throw new ToolFailedException(service + " did not start the " + task + ": " + answer.describe());
        }
    }

    public boolean isMaintenanceRunning(String service) {
        return fleet.scraper()
                .read(fleet.spec(service))
                .filter(sample -> sample.value("maintenance_running") > 0)
                .isPresent();
    }

    public Path dataFolder(String service) {
        return fleet.paths().data(fleet.spec(service).name());
    }

    /** Starts another program on a service's port while the service restarts; returns the program's pid. */
    public long takePort(String service, String program, String by, String message) {
        ServiceRunner runner = fleet.runner(service);
        String release = deployed(service);
        synchronized (runner) {
            runner.stop();
            long pid = fleet.foreigners()
                    .listenOn(
                            runner.spec().port(),
                            fleet.python(),
                            FleetResources.writeTool(fleet.paths().tools(), program));
            fleet.deployer().deploy(runner, new Deployer.Order(release, by, "restart", message));
            return pid;
        }
    }

    /** Where the fleet keeps what it must remember. */
    public Path stateFile(String name) {
        return fleet.paths().root().resolve(name);
    }

    private String deployed(String service) {
        return Objects.requireNonNull(fleet.deployer()
                .deployed(fleet.spec(service).name())
                .orElseThrow(() -> new ToolFailedException(service + " was never deployed.")));
    }
}
