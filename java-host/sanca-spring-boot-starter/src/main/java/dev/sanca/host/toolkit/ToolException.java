package dev.sanca.host.toolkit;

import dev.sanca.host.HostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tool call gave no value; becomes the {@code error} of the call's envelope. The kinds are those of the contract. */
public class ToolException extends HostException {
    private static final long serialVersionUID = 1L;
    private final String kind;
    private final boolean retryable;

    protected ToolException(String kind, String message, boolean retryable, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.retryable = retryable;
    }

    /** {@code argument}, {@code not_found}, {@code denied}, {@code failed} … */
    public String kind() {
        return kind;
    }

    /** Whether the same call may succeed later without any change. */
    public boolean retryable() {
        return retryable;
    }

    /** The argument it is about, if it is about one. */
    public @Nullable String argument() {
        return null;
    }

    /** Names close to a wrong one, best first. */
    public List<String> near() {
        return List.of();
    }
}
