package dev.sanca.host.engine;

import dev.sanca.host.SancaHome;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** One engine process that this host started, with its whole tree. Its output goes to a file, so it may outlive us. */
final class EngineProcess {
    private static final Pattern PASSED = Pattern.compile(
            "PATH|HOME|LANG|LC_.*|TZ|SANCA_.*|OPENAI_.*|DASHSCOPE_.*|ANTHROPIC_.*|HTTPS?_PROXY|NO_PROXY",
            Pattern.CASE_INSENSITIVE);
    private static final long LOG_LIMIT_BYTES = 10L * 1024 * 1024;
    private static final int TAIL_BYTES = 8 * 1024;
    private static final int TAIL_LINES = 5;
    private final Process process;
    private final Path log;
    private final long logStart;

    private EngineProcess(Process process, Path log, long logStart) {
        this.process = process;
        this.log = log;
        this.logStart = logStart;
    }

    /** Starts it with the reduced environment of the contract. */
    static EngineProcess start(List<String> command, SancaHome home) throws IOException {
        Path log = Files.createDirectories(home.resolve("logs")).resolve("engine.log");
        if (Files.exists(log) && Files.size(log) > LOG_LIMIT_BYTES) {
            Files.move(log, log.resolveSibling("engine.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        long start = Files.exists(log) ? Files.size(log) : 0;
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        reduce(builder.environment(), home);
        return new EngineProcess(builder.start(), log, start);
    }

    static void reduce(Map<String, String> environment, SancaHome home) {
        environment.keySet().removeIf(name -> !PASSED.matcher(name).matches());
        environment.put("SANCA_HOME", home.path().toString());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    int exitCode() {
        return process.exitValue();
    }

    /** Waits for its end; false when the time is over. */
    boolean awaitEnd(Duration time) throws InterruptedException {
        return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Stops it: asks, then kills what is left of the whole tree. */
    void stop(Duration patience) {
        List<ProcessHandle> tree = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        process.destroy();
        long end = System.nanoTime() + patience.toNanos();
        for (ProcessHandle member : tree) {
            awaitQuietly(member, end - System.nanoTime());
        }
        tree.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroyForcibly);
    }

    private static void awaitQuietly(ProcessHandle member, long nanos) {
        try {
            member.onExit().get(Math.max(nanos, 1), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException late) {
            // killed below
        }
    }

    /** The last lines it wrote, for an error sentence; empty when it wrote nothing. */
    String lastLines() {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(logStart, file.length() - TAIL_BYTES);
            byte[] bytes = new byte[(int) Math.max(0, file.length() - from)];
            file.seek(from);
            file.readFully(bytes);
            List<String> lines = new String(bytes, StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException unreadable) {
            return "";
        }
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "engine process %d", pid());
    }
}
