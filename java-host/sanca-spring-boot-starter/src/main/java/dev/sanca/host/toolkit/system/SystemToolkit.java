package dev.sanca.host.toolkit.system;

import static dev.sanca.host.toolkit.Effect.DESTRUCTIVE;
import static dev.sanca.host.toolkit.Effect.WRITE;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolParameter;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tools over a {@link ManagedSystem}: names, effects, rights and bounds. It knows no system itself. */
@ToolkitComponent(
        name = "system",
        description =
                "Services of the managed system: state, health, logs, metrics, releases and git history, configuration,"
                        + " ports, disk; and repairs: change a setting, deploy, restart, roll back, stop a foreign process, delete files.")
public class SystemToolkit {
    private static final String READ = "system:read";
    private static final String CHANGE = "system:change";
    private static final String OPERATE = "system:operate";
    private static final int MOST_ROWS = 2000;
    private static final int MOST_PROBES = 50;
    private static final int MOST_MINUTES = 7 * 24 * 60;
    private final ManagedSystem system;

    public SystemToolkit(ManagedSystem system) {
        this.system = system;
    }

    @ToolMethod(
            description =
                    "All services with status (up, degraded, down), release, pid, port, depends_on, error rate, latency.",
            right = READ)
    public List<SystemFacts.ServiceState> services() {
        return system.services();
    }

    @ToolMethod(description = "The service's own health answer with its checks.", right = READ)
    public SystemFacts.ServiceHealth health(@ToolParameter(description = "service name") String service) {
        return system.health(service);
    }

    @ToolMethod(
            description = "Really calls a service some times and tells failures and latencies.",
            right = READ,
            timeoutSeconds = 120)
    public SystemFacts.ProbeResult probe(
            @ToolParameter(description = "service name") String service,
            @ToolParameter(description = "path to GET; empty: the service's main operation", defaultValue = "")
                    String path,
            @ToolParameter(description = "1 to 50 requests", defaultValue = "5") int count) {
        return system.probe(service, path, Bounds.between("count", count, 1, MOST_PROBES));
    }

    @ToolMethod(
            description = "Log entries, newest last; level is a minimum, contains is searched in message and stack.",
            right = READ)
    public List<SystemFacts.LogEntry> logs(
            @ToolParameter(description = "service name") String service,
            @Nullable LogLevel level,
            @ToolParameter(description = "text to search, upper and lower case alike") @Nullable String contains,
            @ToolParameter(defaultValue = "15") int sinceMinutes,
            @ToolParameter(defaultValue = "200") int limit) {
        return system.logs(service, level, contains, minutes(sinceMinutes), rows(limit));
    }

    @ToolMethod(
            description =
                    "Metric series, oldest first. Names: requests_per_second error_rate latency_p95_ms pool_in_use"
                            + " pool_size pool_waiting disk_used_bytes disk_quota_bytes memory_mb.",
            right = READ)
    public Map<String, List<SystemFacts.MetricPoint>> metrics(
            @ToolParameter(description = "service name") String service,
            @ToolParameter(description = "null: all") @Nullable List<String> names,
            @ToolParameter(defaultValue = "15") int sinceMinutes) {
        return system.metrics(service, names, minutes(sinceMinutes));
    }

    @ToolMethod(description = "Releases (git tags), newest first, with the services each one touched.", right = READ)
    public List<SystemFacts.Release> releases(
            @ToolParameter(description = "only releases that touched it") @Nullable String service,
            @ToolParameter(defaultValue = "20") int limit) {
        return system.releases(service, rows(limit));
    }

    @ToolMethod(
            description = "What was deployed when and by whom (deploy, rollback, restart, config), newest first.",
            right = READ)
    public List<SystemFacts.Deployment> deployments(
            @ToolParameter(description = "service name") String service,
            @ToolParameter(defaultValue = "20") int limit) {
        return system.deployments(service, rows(limit));
    }

    @ToolMethod(description = "Commits of a service's files, of a path, or of everything; newest first.", right = READ)
    public List<SystemFacts.Commit> gitLog(
            @Nullable String service, @Nullable String path, @ToolParameter(defaultValue = "20") int limit) {
        return system.gitLog(service, path, rows(limit));
    }

    @ToolMethod(description = "Difference of two refs (tags or commits), a patch a file.", right = READ)
    public SystemFacts.Diff gitDiff(String fromRef, String toRef, @Nullable String path, @Nullable String service) {
        return system.gitDiff(fromRef, toRef, path, service);
    }

    @ToolMethod(description = "Who wrote which line of a file.", right = READ)
    public List<SystemFacts.BlameLine> gitBlame(
            String path,
            @ToolParameter(defaultValue = "HEAD") String ref,
            @ToolParameter(defaultValue = "1") int lineStart,
            @Nullable Integer lineEnd) {
        return system.gitBlame(path, ref, Bounds.between("line_start", lineStart, 1, Integer.MAX_VALUE), lineEnd);
    }

    @ToolMethod(description = "The text of a file of the repository at a ref.", right = READ)
    public String readFile(String path, @ToolParameter(defaultValue = "HEAD") String ref) {
        return system.readFile(path, ref);
    }

    @ToolMethod(description = "Settings by dotted key, of the running release or of a ref.", right = READ)
    public SystemFacts.ServiceConfig config(String service, @Nullable String ref) {
        return system.config(service, ref);
    }

    @ToolMethod(description = "Who listens on each service's port; conflict: a foreign process does.", right = READ)
    public List<SystemFacts.PortState> ports() {
        return system.ports();
    }

    @ToolMethod(description = "Quota, use and files of a service's data folder, largest first.", right = READ)
    public SystemFacts.DiskUsage diskUsage(String service) {
        return system.diskUsage(service);
    }

    @ToolMethod(
            description = "Changes one setting: commits, tags the next release and deploys it.",
            effect = WRITE,
            right = CHANGE,
            timeoutSeconds = 90,
            undo = "change the setting back",
            verifiedBy = "config(service).values[key] == value")
    public SystemRepairs.ConfigChange changeConfig(
            String service,
            @ToolParameter(description = "dotted key that exists") String key,
            @ToolParameter(description = "same type as before") Object value,
            @ToolParameter(description = "becomes the commit message") String reason,
            CallContext context) {
        return system.changeConfig(service, key, value, reason, context.user());
    }

    @ToolMethod(
            description = "Deploys a release of a service.",
            effect = WRITE,
            right = CHANGE,
            timeoutSeconds = 90,
            undo = "roll back to the previous release",
            verifiedBy = "config(service).release == release")
    public SystemRepairs.Redeployment deploy(String service, String release, CallContext context) {
        return system.deploy(service, release, context.user());
    }

    @ToolMethod(
            description = "Restarts a service at its release.",
            effect = WRITE,
            idempotent = true,
            right = CHANGE,
            timeoutSeconds = 90,
            verifiedBy = "health(service).status != 'down'")
    public SystemRepairs.Restart restart(String service, CallContext context) {
        return system.restart(service, context.user());
    }

    @ToolMethod(
            description = "Rolls a service back to a release, or to the last one that ran well.",
            effect = WRITE,
            right = OPERATE,
            timeoutSeconds = 90,
            undo = "deploy the release that ran before",
            verifiedBy = "config(service).release == result.release")
    public SystemRepairs.Redeployment rollback(String service, @Nullable String release, CallContext context) {
        return system.rollback(service, release, context.user());
    }

    @ToolMethod(
            description = "Stops a process that holds a service's port and is not that service.",
            effect = DESTRUCTIVE,
            right = OPERATE,
            verifiedBy = "count(ports(), pid=pid) == 0")
    public SystemRepairs.StoppedProcess stopProcess(long pid, String reason, CallContext context) {
        return system.stopProcess(pid, reason, context.user());
    }

    @ToolMethod(
            description =
                    "Deletes files inside a service's data folder; pattern is a glob relative to it, as exports/*.csv.",
            effect = DESTRUCTIVE,
            right = OPERATE,
            verifiedBy = "count(disk_usage(service).entries, path=pattern, not_path='*.db*') == 0"
                    + " or older_than_minutes > 0 and disk_usage(service).used_bytes < disk_usage(service).quota_bytes")
    public SystemRepairs.Deletion deleteFiles(
            String service,
            String pattern,
            @ToolParameter(defaultValue = "0") int olderThanMinutes,
            CallContext context) {
        return system.deleteFiles(
                service,
                pattern,
                Bounds.between("older_than_minutes", olderThanMinutes, 0, Integer.MAX_VALUE),
                context.user());
    }

    private static int minutes(int value) {
        return Bounds.between("since_minutes", value, 1, MOST_MINUTES);
    }

    private static int rows(int value) {
        return Bounds.between("limit", value, 1, MOST_ROWS);
    }
}
