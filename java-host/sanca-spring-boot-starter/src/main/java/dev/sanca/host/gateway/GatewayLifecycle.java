package dev.sanca.host.gateway;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sanca.host.HostJson;
import dev.sanca.host.SancaHome;
import dev.sanca.host.calls.ToolCalls;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import py4j.Py4JNetworkException;
import tools.jackson.core.JacksonException;

/** Opens the gateway with a new token, tells the engine by {@code gateway.json}, and closes it. */
final class GatewayLifecycle implements SmartLifecycle {
    static final String FILE = "gateway.json";
    private static final Logger LOG = LoggerFactory.getLogger(GatewayLifecycle.class);
    private static final int TOKEN_BYTES = 32;
    private final GatewayProperties properties;
    private final HostEntryPoint entryPoint;
    private final SancaHome home;
    private volatile @Nullable LockedGatewayServer server;

    GatewayLifecycle(GatewayProperties properties, ToolCalls calls, SancaHome home) {
        this.properties = properties;
        this.entryPoint = new HostEntryPoint(calls);
        this.home = home;
    }

    @Override
    public void start() {
        String token = newToken();
        LockedGatewayServer opened = new LockedGatewayServer(entryPoint, properties, token);
        try {
            opened.start();
        } catch (Py4JNetworkException error) {
            if (error.getCause() instanceof BindException) {
                throw new GatewayPortTakenException(properties.port(), error);
            }
            throw error;
        }
        server = opened;
        int port = opened.getListeningPort();
        GatewayFile file = new GatewayFile(
                port, token, ProcessHandle.current().pid(), Instant.now().toString());
        home.write(FILE, HostJson.MAPPER.writeValueAsString(file));
        LOG.info("The gateway listens on 127.0.0.1:{}.", port);
    }

    @Override
    public void stop() {
        LockedGatewayServer opened = server;
        if (opened != null) {
            server = null;
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

    private static String newToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** What the engine reads. */
    record GatewayFile(
            int port,
            String token,
            long pid,
            @JsonProperty("startedAt") String startedAt) {}
}
