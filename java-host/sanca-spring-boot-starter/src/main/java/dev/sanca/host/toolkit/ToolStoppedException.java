package dev.sanca.host.toolkit;

import org.jspecify.annotations.Nullable;

/**
 * The tool was interrupted and is sure that it changed nothing. Without it the caller of an interrupted effect is told that
 * the effect may or may not have happened.
 */
public class ToolStoppedException extends ToolException {
    private static final long serialVersionUID = 1L;

    public ToolStoppedException(String message, @Nullable Throwable cause) {
        super("cancelled", message, false, cause);
    }
}
