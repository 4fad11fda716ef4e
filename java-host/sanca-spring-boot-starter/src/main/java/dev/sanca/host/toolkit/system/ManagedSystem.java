package dev.sanca.host.toolkit.system;

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
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a portal implements so that its system can be diagnosed and repaired by the toolkit {@code system}.
 *
 * <p>Methods are called from several threads at once, and interrupted on cancel and timeout. Rights and approvals were
 * checked before. An unknown service, a wrong key and the like are a {@link dev.sanca.host.toolkit.ToolArgumentException};
 * what could not be done is a {@link dev.sanca.host.toolkit.ToolFailedException}. Everything told must be true of this
 * moment: nothing is answered from what should be.
 */
public interface ManagedSystem {
    List<ServiceState> services();

    ServiceHealth health(String service);

    /** Really calls the service {@code count} times; an empty path is the service's own main path. */
    ProbeResult probe(String service, String path, int count);

    /** The newest {@code limit} entries of the last minutes at or above {@code level}, newest last. */
    List<LogEntry> logs(
            String service, @Nullable LogLevel level, @Nullable String contains, int sinceMinutes, int limit);

    /** Series by name, oldest point first; no names: all. */
    Map<String, List<MetricPoint>> metrics(String service, @Nullable List<String> names, int sinceMinutes);

    /** Releases that touched the service (null: any), newest first. */
    List<Release> releases(@Nullable String service, int limit);

    /** What was deployed, newest first. */
    List<Deployment> deployments(String service, int limit);

    /** Commits of a service's files, of a path, or all; newest first. */
    List<Commit> gitLog(@Nullable String service, @Nullable String path, int limit);

    Diff gitDiff(String fromRef, String toRef, @Nullable String path, @Nullable String service);

    List<BlameLine> gitBlame(String path, String ref, int lineStart, @Nullable Integer lineEnd);

    String readFile(String path, String ref);

    /** Settings of the running release, or of {@code ref}. */
    ServiceConfig config(String service, @Nullable String ref);

    /** Who listens on each service's port. */
    List<PortState> ports();

    DiskUsage diskUsage(String service);

    /** Changes one setting of the running release: commits, tags and deploys it in the name of {@code user}. */
    ConfigChange changeConfig(String service, String key, Object value, String reason, String user);

    Redeployment deploy(String service, String release, String user);

    Restart restart(String service, String user);

    /** Back to {@code release}, or to the last release that ran well. */
    Redeployment rollback(String service, @Nullable String release, String user);

    /** Stops a process that holds a service's port and is not that service; refuses any other. */
    StoppedProcess stopProcess(long pid, String reason, String user);

    /** Deletes files inside the service's data folder and nowhere else. */
    Deletion deleteFiles(String service, String pattern, int olderThanMinutes, String user);
}
