package dev.sanca.host.engine;

import dev.sanca.host.SancaHome;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Keeps one engine alive: attaches to a living one or starts one, watches it, starts it again with growing pauses, and
 * stops the one it started. All of it on a thread of its own: the portal is up without an engine.
 */
final class EngineSupervisor implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(EngineSupervisor.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration WATCH = Duration.ofMillis(500);
    private static final long HEALTH_SECONDS = 5;
    private final EngineProperties properties;
    private final SancaHome home;
    private final EngineConnection connection;
    private final EngineClient client;
    private final BackOff backOff = new BackOff();
    private volatile EngineState state = new EngineState(EngineState.Phase.OFF, "The engine is switched off.");
    private volatile @Nullable EngineProcess process;
    private volatile @Nullable Thread thread;

    EngineSupervisor(EngineProperties properties, SancaHome home, EngineConnection connection, EngineClient client) {
        this.properties = properties;
        this.home = home;
        this.connection = connection;
        this.client = client;
    }

    EngineState state() {
        return state;
    }

    @Override
    public void start() {
        if (properties.enabled()) {
            say(EngineState.Phase.STARTING, "The engine is starting.");
            Thread watcher = new Thread(this::watch, "sanca-engine");
            watcher.setDaemon(true);
            thread = watcher;
            watcher.start();
        }
    }

    @Override
    public void stop() {
        Thread watcher = thread;
        if (watcher == null) {
            connection.close();
            return;
        }
        thread = null;
        watcher.interrupt();
        try {
            watcher.join(properties.stopTimeout().toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        EngineProcess running = process;
        if (running != null) {
            running.stop(properties.stopTimeout());
        }
        connection.close();
        say(EngineState.Phase.OFF, "The engine was stopped.");
    }

    @Override
    public boolean isRunning() {
        return thread != null;
    }

    /** After the web server is up, so that the portal's start does not share the processor; stops before it. */
    @Override
    public int getPhase() {
        return SmartLifecycle.DEFAULT_PHASE;
    }

    private void watch() {
        try {
            while (thread == Thread.currentThread()) {
                Optional<EngineFile> living = living();
                if (living.isPresent()) {
                    watchAttached(living.get());
                } else {
                    runOne();
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | LinkageError error) {
            LOG.error("The engine is not watched any more.", error);
            say(EngineState.Phase.DOWN, "The host cannot watch the engine (" + error + "); its log says more.");
        }
    }

    /** An engine that somebody else started, and that answers. */
    private Optional<EngineFile> living() throws InterruptedException {
        Optional<EngineFile> named =
                EngineFile.read(home.resolve(EngineFile.NAME)).filter(EngineFile::isAlive);
        return named.isPresent() && answers() ? named : Optional.empty();
    }

    private void watchAttached(EngineFile engine) throws InterruptedException {
        say(EngineState.Phase.UP, "Attached to the engine process " + engine.pid() + ".");
        while (engine.isAlive()) {
            Thread.sleep(WATCH.toMillis());
        }
        say(EngineState.Phase.DOWN, "The engine process " + engine.pid() + " ended; starting another.");
    }

    private void runOne() throws InterruptedException {
        Instant begun = Instant.now();
        String failure = launch();
        if (failure == null) {
            failure = awaitServing(begun);
        }
        if (failure == null) {
            failure = watchOwn();
        }
        Duration pause = backOff.next();
        say(EngineState.Phase.DOWN, failure + " Trying again in " + pause.toMillis() / 1000.0 + " s.");
        Thread.sleep(pause.toMillis());
    }

    private @Nullable String launch() {
        try {
            if (EngineFile.read(home.resolve(EngineFile.NAME))
                    .filter(EngineFile::isAlive)
                    .isEmpty()) {
                Files.deleteIfExists(home.resolve(EngineFile.NAME)); // a dead engine left it
            }
            process = EngineProcess.start(properties.command(), home);
            return null;
        } catch (IOException error) {
            process = null;
            return "The engine cannot be started (" + error.getMessage()
                    + "): set sanca.engine.python to the Python that has sanca installed.";
        }
    }

    private @Nullable String awaitServing(Instant begun) throws InterruptedException {
        EngineProcess started = process;
        while (started != null && started.isAlive()) {
            if (EngineFile.read(home.resolve(EngineFile.NAME)).isPresent() && answers()) {
                say(EngineState.Phase.UP, "The engine process " + started.pid() + " serves.");
                backOff.healthy();
                return null;
            }
            if (Duration.between(begun, Instant.now()).compareTo(properties.startTimeout()) > 0) {
                started.stop(properties.stopTimeout());
                return "The engine did not serve within "
                        + properties.startTimeout().toSeconds() + " s; its log " + home.resolve("logs/engine.log")
                        + " says more.";
            }
            started.awaitEnd(POLL);
        }
        return ended(started);
    }

    private String watchOwn() throws InterruptedException {
        EngineProcess running = process;
        while (running != null && !running.awaitEnd(WATCH)) {
            backOff.stillHealthy();
        }
        return ended(running);
    }

    private static String ended(@Nullable EngineProcess ended) {
        if (ended == null) {
            return "The engine was not started.";
        }
        String last = ended.lastLines();
        return "The engine ended with exit code " + ended.exitCode() + (last.isEmpty() ? "." : ": " + last);
    }

    private boolean answers() throws InterruptedException {
        try {
            client.health().get(HEALTH_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException notYet) {
            return false;
        }
    }

    private void say(EngineState.Phase phase, String sentence) {
        state = new EngineState(phase, sentence);
        if (phase == EngineState.Phase.DOWN) {
            LOG.warn("{}", sentence);
        } else {
            LOG.info("{}", sentence);
        }
    }
}
