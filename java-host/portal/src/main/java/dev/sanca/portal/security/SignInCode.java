package dev.sanca.portal.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The code of the one-time sign-in address: valid while the portal runs, until it was used once. */
@Component
public final class SignInCode {
    private @Nullable String code = DemoUsersFile.random();

    /** The code, or nothing when it was used. */
    public synchronized String current() {
        return code == null ? "" : code;
    }

    /** Whether this is the code; it is no longer then. */
    synchronized boolean use(String given) {
        if (code == null) {
            return false;
        }
        boolean right =
                MessageDigest.isEqual(code.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
        if (right) {
            code = null;
        }
        return right;
    }
}
