package dev.sanca.host.toolkit;

import java.util.List;
import java.util.regex.Pattern;

/** A named group of tools, as actions see it. Names may be dotted: {@code mcp.runbooks}. */
public record ToolkitDefinition(String name, String description, String source, List<ToolDefinition> tools) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*");

    public ToolkitDefinition {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("The toolkit name '" + name
                    + "' cannot be used: take lower case letters, digits and underscores, with dots to nest.");
        }
        tools = List.copyOf(tools);
    }

    /** A toolkit of this host. */
    public ToolkitDefinition(String name, String description, List<ToolDefinition> tools) {
        this(name, description, "java", tools);
    }
}
