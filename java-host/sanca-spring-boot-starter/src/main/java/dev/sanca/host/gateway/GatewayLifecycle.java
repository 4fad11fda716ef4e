package dev.sanca.host.gateway;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sanca.host.HostJson;
import dev.sanca.host.SancaHome;
import dev.sanca.host.calls.ToolCalls;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import py4j.Py4JNetworkException;
import tools.jackson.core.JacksonException;

/** Opens the gateway with a new token, tells the engine by {@code gateway.json}, now and then makes another, closes it. */
final class GatewayLifecycle implements SmartLifecycle, GatewayControl {
    static final String FILE = "gateway.json";
    private static final Logger LOG = LoggerFactory.getLogger(GatewayLifecycle.class);
    private final GatewayProperties properties;
    private final HostEntryPoint entryPoint;
    private final SancaHome home;
    private final GatewayTokens tokens;
    private final Instant startedAt = Instant.now();
    private volatile @Nullable LockedGatewayServer server;
    private volatile @Nullable ScheduledExecutorService clock;
    private volatile Instant tokenSince = startedAt;

    GatewayLifecycle(GatewayProperties properties, ToolCalls calls, SancaHome home) {
        this.properties = properties;
        this.entryPoint = new HostEntryPoint(calls);
        this.home = home;
        this.tokens = new GatewayTokens(properties.tokenOverlap(), System::nanoTime);
    }

    @Override
    public void start() {
        LockedGatewayServer opened = new LockedGatewayServer(entryPoint, properties, tokens);
        try {
            opened.start();
        } catch (Py4JNetworkException error) {
            if (error.getCause() instanceof BindException) {
                throw new GatewayPortTakenException(properties.port(), error);
            }
            throw error;
        }
        server = opened;
        announce(tokens.current());
        if (!properties.tokenLifetime().isZero()) {
            clock = rotating(properties.tokenLifetime().toMillis());
        }
        LOG.info("The gateway listens on 127.0.0.1:{}.", opened.getListeningPort());
    }

    @Override
    public void stop() {
        LockedGatewayServer opened = server;
        if (opened != null) {
            ScheduledExecutorService timer = clock;
            if (timer != null) {
                timer.shutdown(); // not shutdownNow: an interrupted write leaves its draft
            }
            synchronized (this) { // a rotation that has begun must not write the file again after it is removed
                server = null;
            }
            removeFile();
            opened.shutdown();
        }
    }

    @Override
    public boolean isRunning() {
        return server != null;
    }

    /** Opens before the web server and the engine, closes after them. */
    @Override
    public int getPhase() {
        return 0;
    }

    @Override
    public synchronized void rotateToken() {
        if (server == null) {
            throw new IllegalStateException("The gateway is closed; it gets a new token when it opens.");
        }
        tokens.rotate(this::announce);
        tokenSince = Instant.now();
        LOG.info("The gateway has a new token; the one before is good for {} more.", properties.tokenOverlap());
    }

    /** Since when the token is the one it is. */
    Instant tokenSince() {
        return tokenSince;
    }

    private void announce(String token) {
        GatewayFile file =
                new GatewayFile(port(), token, ProcessHandle.current().pid(), startedAt.toString());
        home.write(FILE, HostJson.MAPPER.writeValueAsString(file));
    }

    private ScheduledExecutorService rotating(long millis) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "sanca-gateway-token");
            thread.setDaemon(true);
            return thread;
        });
        timer.scheduleWithFixedDelay(this::rotateOrSay, millis, millis, TimeUnit.MILLISECONDS);
        return timer;
    }

    private void rotateOrSay() {
        try {
            rotateToken();
        } catch (RuntimeException error) { // thrown on, it would end the schedule
            LOG.error("The gateway's token stays as it is, because a new one could not be announced.", error);
        }
    }

    /** Where it listens; -1 while it does not. */
    int port() {
        LockedGatewayServer opened = server;
        return opened == null ? -1 : opened.getListeningPort();
    }

    int openConnections() {
        LockedGatewayServer opened = server;
        return opened == null ? 0 : opened.openConnections();
    }

    /** Removes the file if it is still ours: another host may have taken the folder over. */
    private void removeFile() {
        Path path = home.resolve(FILE);
        try {
            GatewayFile file = HostJson.LENIENT.readValue(Files.readString(path), GatewayFile.class);
            if (file.pid() == ProcessHandle.current().pid()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | JacksonException error) {
            LOG.debug("{} was gone or changed already.", FILE);
        }
    }

    /** What the engine reads. */
    record GatewayFile(
            int port,
            String token,
            long pid,
            @JsonProperty("startedAt") String startedAt) {}
}
