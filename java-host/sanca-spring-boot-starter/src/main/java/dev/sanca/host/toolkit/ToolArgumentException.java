package dev.sanca.host.toolkit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An argument is missing, unknown or of the wrong kind; the model may try again. */
public class ToolArgumentException extends ToolException {
    private static final long serialVersionUID = 1L;
    private final @Nullable String argument;
    private final transient List<String> near;

    public ToolArgumentException(@Nullable String argument, String message) {
        this(argument, message, List.of());
    }

    public ToolArgumentException(@Nullable String argument, String message, List<String> near) {
        super("argument", message, false, null);
        this.argument = argument;
        this.near = List.copyOf(near);
    }

    @Override
    public @Nullable String argument() {
        return argument;
    }

    @Override
    public List<String> near() {
        return near;
    }
}
