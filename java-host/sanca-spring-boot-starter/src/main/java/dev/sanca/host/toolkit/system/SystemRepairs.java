package dev.sanca.host.toolkit.system;

import org.jspecify.annotations.Nullable;

/** What the changing tools of {@link SystemToolkit} return. An outcome is {@code ok} or {@code failed: <why>}. */
public final class SystemRepairs {
    private SystemRepairs() {}

    public record ConfigChange(
            String service,
            String key,
            @Nullable Object before,
            Object after,
            String commit,
            String release,
            String outcome) {}

    public record Redeployment(
            String service,
            String release,
            @Nullable String previousRelease,
            String outcome,
            @Nullable Long pid) {}

    public record Restart(
            String service, String release, @Nullable Long pid, String outcome) {}

    public record StoppedProcess(long pid, String process, int port, String service, boolean stopped) {}

    public record Deletion(int deleted, long freedBytes) {}
}
