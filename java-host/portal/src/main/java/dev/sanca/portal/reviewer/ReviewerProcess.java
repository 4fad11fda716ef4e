package dev.sanca.portal.reviewer;

import dev.sanca.host.SancaHome;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Starts the reviewing agent with the portal and stops it with it; it watches its parent for the case of a kill. */
@Component
final class ReviewerProcess implements SmartLifecycle {
    private static final Logger log = LoggerFactory.getLogger(ReviewerProcess.class);
    private static final long STOP_SECONDS = 3;
    private final ReviewerProperties properties;
    private final SancaHome home;
    private volatile @Nullable Process process;

    ReviewerProcess(ReviewerProperties properties, SancaHome home) {
        this.properties = properties;
        this.home = home;
    }

    @Override
    public void start() {
        if (!properties.enabled() || !Files.isRegularFile(Path.of(properties.program()))) {
            log.warn("The change reviewer is not started: {} is off or missing.", properties.program());
            return;
        }
        ProcessBuilder builder = new ProcessBuilder(
                properties.python(), properties.program(), "--port", Integer.toString(properties.port()));
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> !name.equals("PATH") && !name.equals("LANG") && !name.equals("HOME"));
        File output = home.resolve("logs").resolve("change_reviewer.log").toFile();
        try {
            Files.createDirectories(output.toPath().getParent());
            process = builder.redirectErrorStream(true).redirectOutput(output).start();
        } catch (IOException error) {
            log.warn("The change reviewer cannot be started: {}", error.getMessage());
        }
    }

    @Override
    public void stop() {
        Process running = process;
        if (running == null) {
            return;
        }
        running.destroy();
        try {
            if (!running.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                running.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            running.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        Process running = process;
        return running != null && running.isAlive();
    }
}
