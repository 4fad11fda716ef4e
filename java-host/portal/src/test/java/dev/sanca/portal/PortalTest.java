package dev.sanca.portal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The whole portal with its real fleet on ports of its own, shared by all tests; without engine and second agent. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
public abstract class PortalTest {
    private static final int FLEET_PORT = fourFreePorts();
    private static final Path HOME =
            Path.of(System.getProperty("sanca.home")); // surefire sets it, before logging starts

    @DynamicPropertySource
    static void properties(DynamicPropertyRegistry registry) {
        registry.add("sanca.engine.enabled", () -> false);
        registry.add("sanca.gateway.port", PortalTest::freePort);
        registry.add("portal.fleet.python", () -> "python3");
        registry.add("portal.fleet.base-port", () -> FLEET_PORT);
        registry.add("portal.fleet.scrape-interval", () -> "400ms");
        registry.add("portal.reviewer.enabled", () -> false);
        registry.add("portal.security.basic", () -> true);
    }

    protected static Path home() {
        return HOME;
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static int fourFreePorts() {
        int first = 19_000 + (int) (ProcessHandle.current().pid() % 1_000) * 4;
        while (!areFree(first, 4)) {
            first += 4;
        }
        return first;
    }

    private static boolean areFree(int first, int count) {
        List<ServerSocket> open = new ArrayList<>();
        try {
            for (int port = first; port < first + count; port++) {
                open.add(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
            }
            return true;
        } catch (IOException taken) {
            return false;
        } finally {
            open.forEach(PortalTest::close);
        }
    }

    private static void close(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
