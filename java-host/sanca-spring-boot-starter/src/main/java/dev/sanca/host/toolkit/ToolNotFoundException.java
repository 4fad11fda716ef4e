package dev.sanca.host.toolkit;

import java.util.List;

/** No toolkit or tool of that name. */
public class ToolNotFoundException extends ToolException {
    private static final long serialVersionUID = 1L;
    private final transient List<String> near;

    public ToolNotFoundException(String message, List<String> near) {
        super("not_found", message, false, null);
        this.near = List.copyOf(near);
    }

    @Override
    public List<String> near() {
        return near;
    }
}
