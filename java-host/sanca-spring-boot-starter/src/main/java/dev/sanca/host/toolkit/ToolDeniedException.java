package dev.sanca.host.toolkit;

/** A right, a policy or a person said no. */
public class ToolDeniedException extends ToolException {
    private static final long serialVersionUID = 1L;

    public ToolDeniedException(String message) {
        super("denied", message, false, null);
    }

    protected ToolDeniedException(String kind, String message) {
        super(kind, message, false, null);
    }
}
