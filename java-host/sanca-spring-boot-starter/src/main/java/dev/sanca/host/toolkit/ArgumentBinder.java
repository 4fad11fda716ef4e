package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;

/** Turns an object of named JSON arguments into the parameters of one Java method. Its errors name the argument. */
final class ArgumentBinder {
    private static final int SHOWN_CHARS = 60;
    private final String toolName;
    private final List<@Nullable ToolArgument> parameters;
    private final List<String> names;

    /** @param toolName toolkit and tool, for error sentences */
    ArgumentBinder(String toolName, Method method) {
        this.toolName = toolName;
        this.parameters = new ArrayList<>();
        for (Parameter parameter : method.getParameters()) {
            parameters.add(parameter.getType() == CallContext.class ? null : ToolArgument.of(parameter));
        }
        this.names = arguments().stream().map(ToolArgument::name).toList();
        if (names.stream().distinct().count() != names.size()) {
            throw new IllegalArgumentException("The tool " + toolName + " has two arguments of one name.");
        }
    }

    /** The arguments that actions see, in order. */
    List<ToolArgument> arguments() {
        return parameters.stream().filter(argument -> argument != null).toList();
    }

    /**
     * Binds.
     *
     * @throws ToolArgumentException for the first argument that is unknown, missing or of the wrong kind
     */
    @Nullable Object[] bind(JsonNode arguments, CallContext context) {
        if (!arguments.isObject()) {
            throw new ToolArgumentException(null, toolName + " takes named arguments: " + signature() + ".");
        }
        refuseUnknown(arguments);
        @Nullable Object[] values = new Object[parameters.size()];
        for (int i = 0; i < values.length; i++) {
            ToolArgument argument = parameters.get(i);
            values[i] = argument == null ? context : value(argument, arguments.get(argument.name()));
        }
        return values;
    }

    private void refuseUnknown(JsonNode arguments) {
        for (String given : arguments.propertyNames()) {
            if (!names.contains(given)) {
                List<String> near = NearNames.of(given, names);
                String known = near.isEmpty() ? " It takes " + signature() + "." : NearNames.hint(near);
                throw new ToolArgumentException(given, toolName + " has no argument '" + given + "'." + known, near);
            }
        }
    }

    private @Nullable Object value(ToolArgument argument, @Nullable JsonNode given) {
        JsonNode node = given == null ? argument.defaultValue() : given;
        if (node == null) {
            throw new ToolArgumentException(
                    argument.name(),
                    toolName + " needs the argument '" + argument.name() + "' (" + kind(argument.type()) + ").");
        }
        if (node.isNull()) {
            return nullOf(argument);
        }
        if (argument.type().getRawClass() == String.class && node.isString()) {
            return node.stringValue();
        }
        return convert(argument, node);
    }

    private @Nullable Object nullOf(ToolArgument argument) {
        if (argument.type().getRawClass() == Optional.class) {
            return Optional.empty();
        }
        JsonNode fallback = argument.defaultValue();
        if (fallback == null) {
            throw new ToolArgumentException(
                    argument.name(),
                    "The argument '" + argument.name() + "' of " + toolName + " must be " + kind(argument.type())
                            + ", not null.");
        }
        return fallback.isNull() ? null : convert(argument, fallback);
    }

    private @Nullable Object convert(ToolArgument argument, JsonNode node) {
        try {
            return HostJson.MAPPER.treeToValue(node, argument.type());
        } catch (JacksonException | IllegalArgumentException error) {
            throw wrongKind(argument, node, error);
        }
    }

    private ToolArgumentException wrongKind(ToolArgument argument, JsonNode node, Exception cause) {
        Class<?> raw = argument.type().getRawClass();
        List<String> near =
                raw.isEnum() && node.isString() ? NearNames.of(node.stringValue(), constants(raw)) : List.of();
        String shown = node.toString();
        return new ToolArgumentException(
                argument.name(),
                "The argument '" + argument.name() + "' of " + toolName + " must be " + kind(argument.type())
                        + where(cause) + ", not "
                        + (shown.length() > SHOWN_CHARS ? shown.substring(0, SHOWN_CHARS) + "…" : shown) + "."
                        + NearNames.hint(near),
                near);
    }

    private static String where(Exception cause) {
        if (!(cause instanceof JacksonException error) || error.getPath().isEmpty()) {
            return "";
        }
        StringBuilder path = new StringBuilder();
        for (JacksonException.Reference step : error.getPath()) {
            path.append(path.isEmpty() || step.getPropertyName() == null ? "" : ".");
            path.append(step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName());
        }
        return " (look at " + path + ")";
    }

    private static List<String> constants(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> HostJson.MAPPER.valueToTree(constant).asString())
                .toList();
    }

    private static String kind(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (raw == Optional.class) {
            return kind(type.containedTypeOrUnknown(0));
        }
        if (raw.isEnum()) {
            return "one of " + String.join(", ", constants(raw));
        }
        if (type.isCollectionLikeType() || type.isArrayType()) {
            return "a list (each " + kind(type.getContentType()) + ")";
        }
        return ArgumentKinds.describe(raw);
    }

    private String signature() {
        return names.isEmpty() ? "no arguments" : "'" + String.join("', '", names) + "'";
    }
}
