package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.LogLevel;
import dev.sanca.host.toolkit.system.ManagedSystem;
import dev.sanca.host.toolkit.system.SystemFacts.BlameLine;
import dev.sanca.host.toolkit.system.SystemFacts.Commit;
import dev.sanca.host.toolkit.system.SystemFacts.Deployment;
import dev.sanca.host.toolkit.system.SystemFacts.Diff;
import dev.sanca.host.toolkit.system.SystemFacts.DiskUsage;
import dev.sanca.host.toolkit.system.SystemFacts.LogEntry;
import dev.sanca.host.toolkit.system.SystemFacts.MetricPoint;
import dev.sanca.host.toolkit.system.SystemFacts.PortState;
import dev.sanca.host.toolkit.system.SystemFacts.ProbeResult;
import dev.sanca.host.toolkit.system.SystemFacts.Release;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceConfig;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceHealth;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceState;
import dev.sanca.host.toolkit.system.SystemRepairs.ConfigChange;
import dev.sanca.host.toolkit.system.SystemRepairs.Deletion;
import dev.sanca.host.toolkit.system.SystemRepairs.Redeployment;
import dev.sanca.host.toolkit.system.SystemRepairs.Restart;
import dev.sanca.host.toolkit.system.SystemRepairs.StoppedProcess;
import dev.sanca.portal.git.GitException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The fleet as the toolkit {@code system} sees it: real files, processes and git. It knows nothing of faults. */
public final class FleetSystem implements ManagedSystem {
    private final Fleet fleet;
    private final ServiceStates states;
    private final ServicePorts ports;
    private final ConfigEditor configs;
    private final ReleaseHistory history;

    public FleetSystem(Fleet fleet) {
        this.fleet = fleet;
        this.states = new ServiceStates(fleet);
        this.ports = new ServicePorts(fleet);
        this.configs = new ConfigEditor(fleet);
        this.history = new ReleaseHistory(fleet);
    }

    @Override
    public List<ServiceState> services() {
        return states.all();
    }

    @Override
    public ServiceHealth health(String service) {
        return states.health(fleet.runner(service));
    }

    @Override
    public ProbeResult probe(String service, String path, int count) {
        return fleet.prober().probe(fleet.spec(service), path, count);
    }

    @Override
    public List<LogEntry> logs(
            String service, @Nullable LogLevel level, @Nullable String contains, int sinceMinutes, int limit) {
        LogReader.Query query = new LogReader.Query(level, contains, sinceMinutes, limit);
        return LogReader.read(fleet.paths().log(fleet.spec(service).name()), query);
    }

    @Override
    public Map<String, List<MetricPoint>> metrics(String service, @Nullable List<String> names, int sinceMinutes) {
        List<String> wanted = names == null || names.isEmpty() ? MetricSeries.NAMES : names;
        for (String name : wanted) {
            if (!MetricSeries.NAMES.contains(name)) {
                throw new ToolArgumentException(
                        "names",
                        "There is no metric '" + name + "': there are " + String.join(", ", MetricSeries.NAMES) + ".",
                        MetricSeries.NAMES);
            }
        }
        Instant since = Instant.now().minus(Duration.ofMinutes(sinceMinutes));
        return fleet.scraper().of(fleet.spec(service).name()).since(since, wanted);
    }

    @Override
    public List<Release> releases(@Nullable String service, int limit) {
        String name = service == null ? null : fleet.spec(service).name();
        return git("service", () -> history.releases(name, limit));
    }

    @Override
    public List<Deployment> deployments(String service, int limit) {
        List<Deployment> all = fleet.deployer().history(fleet.spec(service).name());
        return all.subList(0, Math.min(limit, all.size()));
    }

    @Override
    public List<Commit> gitLog(@Nullable String service, @Nullable String path, int limit) {
        return git("path", () -> history.commits(pathsOf(service, path), limit));
    }

    @Override
    public Diff gitDiff(String fromRef, String toRef, @Nullable String path, @Nullable String service) {
        return git("from_ref", () -> fleet.repository().reader().diff(fromRef, toRef, pathsOf(service, path)));
    }

    @Override
    public List<BlameLine> gitBlame(String path, String ref, int lineStart, @Nullable Integer lineEnd) {
        return git("path", () -> fleet.repository().reader().blame(path, ref, lineStart, lineEnd));
    }

    @Override
    public String readFile(String path, String ref) {
        return git("path", () -> fleet.repository().reader().show(ref, path));
    }

    @Override
    public ServiceConfig config(String service, @Nullable String ref) {
        ServiceSpec spec = fleet.spec(service);
        String release = ref == null ? configs.deployed(spec) : ref;
        Map<String, Object> values =
                git("ref", () -> configs.read(spec, release).values());
        return new ServiceConfig(service, spec.configPath(), release, values);
    }

    @Override
    public List<PortState> ports() {
        return ports.all();
    }

    @Override
    public DiskUsage diskUsage(String service) {
        return states.disk(fleet.runner(service));
    }

    @Override
    public ConfigChange changeConfig(String service, String key, Object value, String reason, String user) {
        return configs.change(fleet.runner(service), new ConfigEditor.Edit(key, value, reason, user));
    }

    @Override
    public Redeployment deploy(String service, String release, String user) {
        return redeploy(service, new Deployer.Order(release, user, "deploy", "deployed on request"));
    }

    @Override
    public Restart restart(String service, String user) {
        ServiceRunner runner = fleet.runner(service);
        String release = configs.deployed(runner.spec());
        Deployer.Order order = new Deployer.Order(release, user, "restart", "restarted on request");
        String outcome = fleet.deployer().deploy(runner, order);
        return new Restart(service, release, pid(runner), outcome);
    }

    @Override
    public Redeployment rollback(String service, @Nullable String release, String user) {
        String target = release == null
                ? fleet.deployer().rollbackTarget(fleet.spec(service).name())
                : release;
        return redeploy(service, new Deployer.Order(target, user, "rollback", "rolled back on request"));
    }

    @Override
    public StoppedProcess stopProcess(long pid, String reason, String user) {
        return ports.stop(pid, reason, user);
    }

    @Override
    public Deletion deleteFiles(String service, String pattern, int olderThanMinutes, String user) {
        return new DataFolder(fleet.paths().data(fleet.spec(service).name())).delete(pattern, olderThanMinutes);
    }

    private Redeployment redeploy(String service, Deployer.Order order) {
        ServiceRunner runner = fleet.runner(service);
        String previous = fleet.deployer().deployed(service).orElse(null);
        String outcome = fleet.deployer().deploy(runner, order);
        return new Redeployment(service, order.release(), previous, outcome, pid(runner));
    }

    private List<String> pathsOf(@Nullable String service, @Nullable String path) {
        if (path != null) {
            return List.of(path);
        }
        return service == null ? List.of() : List.of(fleet.spec(service).folder());
    }

    private static @Nullable Long pid(ServiceRunner runner) {
        return runner.alive().map(ServiceRunner.Running::pid).orElse(null);
    }

    private static <T> T git(String argument, Supplier<T> read) {
        try {
            return read.get();
        } catch (GitException refused) {
            throw new ToolArgumentException(argument, "Git refuses: " + refused.getMessage() + ".");
        }
    }
}
