package dev.sanca.host.gateway;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The token a new connection must say. The one before it is good for a moment more: somebody may just have read it. */
final class GatewayTokens {
    private static final int TOKEN_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();
    private final long overlapNanos;
    private final LongSupplier nanoTime;
    private volatile Accepted accepted;

    GatewayTokens(Duration overlap, LongSupplier nanoTime) {
        this(overlap, nanoTime, newToken());
    }

    GatewayTokens(Duration overlap, LongSupplier nanoTime, String first) {
        this.overlapNanos = overlap.toNanos();
        this.nanoTime = nanoTime;
        this.accepted = new Accepted(first, null, 0);
    }

    String current() {
        return accepted.current();
    }

    /** Whether a connection that says this is let in. Takes the same time for every wrong token. */
    boolean accepts(String given) {
        Accepted now = accepted;
        String before = now.before();
        boolean isCurrent = isSame(now.current(), given);
        boolean isBefore = before != null && isSame(before, given) && now.beforeUntil() - nanoTime.getAsLong() > 0;
        return isCurrent || isBefore;
    }

    /**
     * Makes a new token.
     *
     * @param announce tells it to whoever connects; while it does, and when it fails, the old one stays good
     */
    synchronized void rotate(Consumer<String> announce) {
        Accepted old = accepted;
        String next = newToken();
        long until = nanoTime.getAsLong() + overlapNanos;
        accepted = new Accepted(next, old.current(), until);
        try {
            announce.accept(next);
        } catch (RuntimeException error) {
            accepted = old;
            throw error;
        }
    }

    private static boolean isSame(String token, String given) {
        return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    private static String newToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private record Accepted(String current, @Nullable String before, long beforeUntil) {}
}
