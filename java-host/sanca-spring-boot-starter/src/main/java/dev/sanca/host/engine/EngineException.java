package dev.sanca.host.engine;

import dev.sanca.host.HostException;
import org.jspecify.annotations.Nullable;

/** The engine refused or could not answer. */
public class EngineException extends HostException {
    private static final long serialVersionUID = 1L;

    /** What the caller can do about it. */
    public enum Kind {
        /** The engine is not there now; it may be starting. */
        UNAVAILABLE,
        /** The request is wrong. */
        INVALID,
        /** It is another user's. */
        FORBIDDEN,
        /** There is no such thing. */
        NOT_FOUND,
        /** Too much, too large, or not in this state. */
        REFUSED,
        /** The engine failed. */
        FAILED
    }

    private final Kind kind;

    public EngineException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
