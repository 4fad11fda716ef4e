package dev.sanca.host.toolkit;

import org.jspecify.annotations.Nullable;

/** The tool ran and failed, in a way it can put into one sentence. */
public class ToolFailedException extends ToolException {
    private static final long serialVersionUID = 1L;

    public ToolFailedException(String message) {
        this(message, false, null);
    }

    public ToolFailedException(String message, boolean retryable, @Nullable Throwable cause) {
        super("failed", message, retryable, cause);
    }
}
