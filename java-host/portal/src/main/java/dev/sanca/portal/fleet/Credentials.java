package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The keys with which services, and the portal, call each other. Made anew with each fleet. */
final class Credentials {
    private static final List<String> NAMES =
            List.of("checkout-client", "payment-client", "inventory-client", "reporting-client", "operator");
    private final Map<String, String> keys;

    private Credentials(Map<String, String> keys) {
        this.keys = keys;
    }

    static Credentials create(Path file) {
        SecureRandom random = new SecureRandom();
        Map<String, String> keys = new TreeMap<>();
        for (String name : NAMES) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            keys.put(name, HexFormat.of().formatHex(bytes));
        }
        try {
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, HostJson.MAPPER.writeValueAsString(keys));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return new Credentials(keys);
    }

    /** The key that a service accepts; the storefront is open to everybody. */
    String forCalling(String service) {
        return keys.getOrDefault(service + "-client", "");
    }

    String operator() {
        return keys.getOrDefault("operator", "");
    }
}
