package dev.sanca.host.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The digest that tells whether two calls are the same to the byte. */
public final class Digests {
    private Digests() {}

    /** SHA-256 over toolkit, tool and the exact text of the arguments. */
    public static String ofCall(String toolkit, String tool, String argumentsJson) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(toolkit.getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
            sha.update(tool.getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
            return HexFormat.of().formatHex(sha.digest(argumentsJson.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every Java has SHA-256.", impossible);
        }
    }
}
