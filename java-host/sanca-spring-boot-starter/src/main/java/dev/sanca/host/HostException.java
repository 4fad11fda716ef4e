package dev.sanca.host;

import org.jspecify.annotations.Nullable;

/** Base of every error the host raises on purpose: its message is one clear sentence, fit for a user. */
public class HostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HostException(String message) {
        super(message);
    }

    public HostException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
