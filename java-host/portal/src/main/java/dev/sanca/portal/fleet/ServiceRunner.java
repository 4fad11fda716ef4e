package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Starts and stops the process of one service. The process ends when this one does: it watches its standard input. */
final class ServiceRunner {
    static final String OK = "ok";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(3);
    private static final Duration UNHEALTHY_LIMIT = Duration.ofSeconds(3);
    private static final long POLL_MILLIS = 40;
    private final ServiceSpec spec;
    private final FleetPaths paths;
    private final String python;
    private final ServiceHttp http;
    private final Duration startLimit;
    private volatile @Nullable Running running;

    ServiceRunner(ServiceSpec spec, FleetPaths paths, String python, ServiceHttp http, Duration startLimit) {
        this.spec = spec;
        this.paths = paths;
        this.python = python;
        this.http = http;
        this.startLimit = startLimit;
    }

    /** A process that was started; it may have ended since. */
    record Running(Process process, String release, Instant startedAt) {
        boolean isAlive() {
            return process.isAlive();
        }

        long pid() {
            return process.pid();
        }
    }

    ServiceSpec spec() {
        return spec;
    }

    /** What was started last, alive or not. */
    Optional<Running> last() {
        return Optional.ofNullable(running);
    }

    Optional<Running> alive() {
        return last().filter(Running::isAlive);
    }

    /** Starts a release whose files are in place and waits until it is healthy; returns the outcome. */
    synchronized String start(String release) {
        Running started = new Running(launch(release), release, Instant.now());
        running = started;
        return awaitHealthy(started);
    }

    synchronized void stop() {
        Running current = running;
        if (current == null || !current.isAlive()) {
            return;
        }
        current.process().destroy();
        try {
            if (!current.process().waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                current.process().destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            current.process().destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private Process launch(String release) {
        Path folder = paths.release(spec.name(), release);
        ProcessBuilder builder = new ProcessBuilder(python, "-S", spec.codePath()).directory(folder.toFile());
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.putAll(Map.of(
                "PATH",
                "/usr/bin:/bin",
                "LANG",
                "C.UTF-8",
                "PYTHONPATH",
                folder.resolve("lib").toString(),
                "FLEET_HOME",
                paths.root().toString(),
                "FLEET_RELEASE",
                release));
        builder.redirectErrorStream(true);
        try {
            Files.deleteIfExists(paths.console(spec.name()));
            builder.redirectOutput(paths.console(spec.name()).toFile());
            return builder.start();
        } catch (IOException error) {
            throw new ToolFailedException(spec.name() + " cannot be started: " + error.getMessage(), false, error);
        }
    }

    private String awaitHealthy(Running started) {
        long deadline = System.nanoTime() + startLimit.toNanos();
        long unhealthySince = 0;
        while (System.nanoTime() < deadline) {
            if (!started.isAlive()) {
                return "failed: the process ended with code "
                        + started.process().exitValue() + lastWords();
            }
            ServiceHttp.Answer answer = http.get(spec.port(), "/health", Duration.ofSeconds(2));
            if (isFrom(answer, started.pid())) {
                if (!answer.failed()) {
                    return OK;
                }
                unhealthySince = unhealthySince == 0 ? System.nanoTime() : unhealthySince;
                if (System.nanoTime() - unhealthySince > UNHEALTHY_LIMIT.toNanos()) {
                    return "failed: not healthy, " + HealthAnswers.firstProblem(answer.body());
                }
            }
            if (!pause()) {
                return "failed: the wait for its health was interrupted";
            }
        }
        return "failed: not healthy within " + startLimit.toSeconds() + " s";
    }

    private static boolean isFrom(ServiceHttp.Answer answer, long pid) {
        try {
            JsonNode node = answer.status() == null ? null : HostJson.LENIENT.readTree(answer.body());
            return node != null && node.path("pid").asLong(0) == pid;
        } catch (JacksonException notOurs) {
            return false; // somebody else answers on this port
        }
    }

    private String lastWords() {
        try {
            List<String> lines = Files.readAllLines(paths.console(spec.name()));
            return lines.isEmpty() ? "" : ", " + lines.get(lines.size() - 1);
        } catch (IOException unreadable) {
            return "";
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(POLL_MILLIS);
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
