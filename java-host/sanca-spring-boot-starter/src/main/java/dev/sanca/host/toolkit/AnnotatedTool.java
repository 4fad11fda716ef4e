package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/** One {@link ToolMethod}: the method to invoke and how its arguments bind. */
record AnnotatedTool(String name, Method method, Method declared, ToolMethod annotation, ArgumentBinder binder) {

    static AnnotatedTool of(String toolkit, Method invocable, Method declared, ToolMethod annotation) {
        String name = annotation.name().isEmpty() ? HostJson.snakeCase(declared.getName()) : annotation.name();
        return new AnnotatedTool(
                name, invocable, declared, annotation, new ArgumentBinder(toolkit + "." + name, declared));
    }

    ToolDefinition definition(JsonSchemas schemas) {
        return new ToolDefinition(
                name,
                annotation.description(),
                annotation.effect(),
                annotation.idempotent(),
                annotation.approval(),
                annotation.interaction(),
                annotation.right(),
                annotation.timeoutSeconds(),
                emptyToNull(annotation.undo()),
                schemas.ofArguments(binder.arguments()),
                schemas.ofResult(declared.getGenericReturnType()));
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
