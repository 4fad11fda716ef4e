package dev.sanca.host.toolkit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/**
 * A result and the type it was declared with, where the value itself has forgotten it: a list does not know of what.
 *
 * @param type the type of the value, or of each item of one that is read piece by piece
 */
public record ToolResult(@Nullable Object value, JavaType type) {

    /** The value as JSON. */
    public static String write(@Nullable Object value, @Nullable JavaType type) {
        return ToolJson.write(value, type);
    }
}
