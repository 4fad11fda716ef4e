package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Programs that are no services but run on this machine and may hold a port. They end with the host. */
final class ForeignPrograms implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final long POLL_MILLIS = 20;
    private final List<Process> started = new CopyOnWriteArrayList<>();

    /** Starts a program and waits until it listens on {@code port}. */
    long listenOn(int port, String python, Path program) {
        Process process = launch(port, python, program);
        started.add(process);
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!Long.valueOf(process.pid())
                .equals(PortTable.listeners(Set.of(port)).get(port))) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new ToolFailedException(
                        "The program " + program.getFileName() + " could not take port " + port + ".");
            }
            pause();
        }
        return process.pid();
    }

    @Override
    public void close() {
        started.forEach(Process::destroy);
        for (Process process : started) {
            process.onExit().join();
        }
        started.clear();
    }

    private static Process launch(int port, String python, Path program) {
        ProcessBuilder builder = new ProcessBuilder(python, "-S", program.toString(), Integer.toString(port));
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            return builder.start();
        } catch (IOException error) {
            throw new ToolFailedException("The program " + program.getFileName() + " cannot be started.", false, error);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ToolFailedException("The start of a program was interrupted.", true, interrupted);
        }
    }
}
