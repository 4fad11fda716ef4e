package dev.sanca.host.toolkit;

import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Turns an object of named JSON arguments into the parameters of one Java method. Its errors name the argument. */
final class ArgumentBinder {
    private final String toolName;
    private final List<@Nullable ToolArgument> parameters;
    private final List<String> names;

    /**
     * Looks at the method once.
     *
     * @param toolName toolkit and tool, for error sentences
     * @param owner the toolkit's class
     */
    ArgumentBinder(String toolName, Method method, Class<?> owner, Javadocs javadocs) {
        this.toolName = toolName;
        this.parameters = new ArrayList<>();
        for (Parameter parameter : method.getParameters()) {
            parameters.add(
                    parameter.getType() == CallContext.class
                            ? null
                            : ToolArgument.of(parameter, owner, javadocs.parameter(method, parameter.getName())));
        }
        this.names = arguments().stream().map(ToolArgument::name).toList();
        if (names.stream().distinct().count() != names.size()) {
            throw new IllegalArgumentException("The tool " + toolName + " has two arguments of one name.");
        }
    }

    /** The arguments that actions see, in order. */
    List<ToolArgument> arguments() {
        return parameters.stream().filter(Objects::nonNull).toList();
    }

    /** The argument that the n-th parameter of the method is bound to; null: it is not seen by actions. */
    @Nullable ToolArgument argumentAt(int parameterIndex) {
        return parameters.get(parameterIndex);
    }

    /** Whether these names can be meant for it: none unknown, none missing. */
    boolean takes(JsonNode arguments) {
        for (String given : arguments.propertyNames()) {
            if (!names.contains(given)) {
                return false;
            }
        }
        return arguments().stream().allMatch(argument -> !argument.isRequired() || arguments.has(argument.name()));
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

    /** {@code 'order', 'limit'}. */
    String signature() {
        return names.isEmpty() ? "no arguments" : "'" + String.join("', '", names) + "'";
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
                    toolName + " needs the argument '" + argument.name() + "' (" + BindingErrors.kind(argument.type())
                            + ").");
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
        JsonNode fallback = argument.defaultValue();
        if (fallback == null) {
            throw new ToolArgumentException(
                    argument.name(),
                    "The argument '" + argument.name() + "' of " + toolName + " must be "
                            + BindingErrors.kind(argument.type()) + ", not null.");
        }
        return fallback.isNull() ? ToolArgument.absent(argument.type().getRawClass()) : convert(argument, fallback);
    }

    private @Nullable Object convert(ToolArgument argument, JsonNode node) {
        try {
            JsonNode whole = argument.hasNestedDefaults() ? NestedDefaults.filled(node, argument.type()) : node;
            return ToolJson.MAPPER.treeToValue(whole, argument.type());
        } catch (JacksonException | IllegalArgumentException | ArithmeticException error) {
            throw BindingErrors.wrongKind(toolName, argument, node, error);
        }
    }
}
