package dev.sanca.host.toolkit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A named group of tools that actions call. Register one as a bean or, while running, with {@link ToolkitRegistry#register}.
 *
 * <p>{@link #call} runs on the gateway's thread for that call, several at once; it is interrupted on cancel and timeout.
 * Throw a {@link ToolException} to say what was wrong; any other exception is reported as a failure of the tool.
 */
public interface Toolkit {
    /** The name in {@link #definition}; overridden where the definition is costly. */
    default String name() {
        return definition().name();
    }

    /** What it offers. Must not change while it is registered: to change it, {@link ToolkitRegistry#replace} it. */
    ToolkitDefinition definition();

    /**
     * Runs one tool.
     *
     * @param arguments an object of named arguments; defaults are not filled in
     * @return anything Jackson can write, or a {@link ToolResult} of it; null is a value. What {@link ToolMethod} may return
     *     piece by piece or later, this may too
     */
    @Nullable Object call(String tool, JsonNode arguments, CallContext context) throws Exception;
}
