package dev.sanca.host.toolkit;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.InvalidNullException;
import tools.jackson.databind.exc.InvalidTypeIdException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Puts what is wrong with an argument into one sentence that says where, and how it should be. */
final class BindingErrors {
    private static final int SHOWN_CHARS = 60;
    private static final String KNOWN_KINDS = "known type ids = [";

    private BindingErrors() {}

    /** The argument has a value of the wrong kind, or inside it something has. */
    static ToolArgumentException wrongKind(String tool, ToolArgument argument, JsonNode node, Exception cause) {
        String path = path(cause);
        String place = "The argument '" + argument.name() + "' of " + tool;
        String whole = argument.name() + (path.isEmpty() || path.startsWith("[") ? path : "." + path);
        if (cause instanceof MismatchedInputException inside && (!path.isEmpty() || isInside(inside, argument, node))) {
            List<String> near = near(inside);
            return new ToolArgumentException(
                    whole, place + " is wrong at '" + whole + "': " + inside(inside) + NearNames.hint(near), near);
        }
        Class<?> raw = argument.type().getRawClass();
        List<String> near =
                raw.isEnum() && node.isString() ? NearNames.of(node.stringValue(), constants(raw)) : List.of();
        return new ToolArgumentException(
                whole,
                place + " must be " + kind(argument.type()) + ", not " + shown(node.toString()) + "."
                        + NearNames.hint(near),
                near);
    }

    /** What a type is called in such a sentence. */
    static String kind(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (raw == Optional.class) {
            return kind(type.containedTypeOrUnknown(0));
        }
        if (raw.isEnum()) {
            return "one of " + String.join(", ", constants(raw));
        }
        if (raw == Iterable.class) {
            return "a list (each " + kind(type.containedTypeOrUnknown(0)) + ")";
        }
        if (raw != byte[].class && raw != char[].class && (type.isCollectionLikeType() || type.isArrayType())) {
            return "a list (each " + kind(type.getContentType()) + ")";
        }
        return ArgumentKinds.describe(raw);
    }

    /** A key of a map, or the kind of an object, is told of without saying where. */
    private static boolean isInside(MismatchedInputException error, ToolArgument argument, JsonNode node) {
        return error instanceof InvalidTypeIdException
                || (node.isContainer()
                        && error instanceof InvalidFormatException
                        && error.getTargetType() != argument.type().getRawClass());
    }

    private static String inside(MismatchedInputException error) {
        if (error instanceof UnrecognizedPropertyException unknown) {
            return "there is no '" + unknown.getPropertyName() + "'; it has " + names(known(unknown)) + ".";
        }
        if (error instanceof InvalidNullException) {
            return "it must not be null.";
        }
        String said = error.getOriginalMessage();
        if (error instanceof InvalidTypeIdException) {
            int known = said.indexOf(KNOWN_KINDS);
            return known < 0
                    ? "its kind is missing or unknown."
                    : "its kind must be one of "
                            + said.substring(known + KNOWN_KINDS.length()).replaceAll("]?[\\[(].*|]", "") + ".";
        }
        if (said.startsWith("Missing required creator property")) {
            return "it must be given.";
        }
        String value = error instanceof InvalidFormatException format ? ", not " + quoted(format.getValue()) : "";
        Class<?> target = error.getTargetType();
        return target == null
                ? "it is of the wrong kind."
                : "it must be " + kind(ToolJson.MAPPER.constructType(target)) + value + ".";
    }

    private static List<String> near(MismatchedInputException error) {
        if (error instanceof UnrecognizedPropertyException unknown) {
            return NearNames.of(unknown.getPropertyName(), known(unknown));
        }
        Class<?> target = error.getTargetType();
        return target != null && target.isEnum() && error instanceof InvalidFormatException format
                ? NearNames.of(String.valueOf(format.getValue()), constants(target))
                : List.of();
    }

    private static List<String> known(UnrecognizedPropertyException error) {
        Collection<Object> ids = error.getKnownPropertyIds();
        return ids == null ? List.of() : ids.stream().map(String::valueOf).toList();
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "no properties" : "'" + String.join("', '", names) + "'";
    }

    private static String path(Exception cause) {
        if (!(cause instanceof JacksonException error)) {
            return "";
        }
        StringBuilder path = new StringBuilder();
        for (JacksonException.Reference step : error.getPath()) {
            path.append(path.isEmpty() || step.getPropertyName() == null ? "" : ".");
            path.append(step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName());
        }
        return path.toString();
    }

    private static List<String> constants(Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> ToolJson.MAPPER.valueToTree(constant).asString())
                .toList();
    }

    private static String quoted(@Nullable Object value) {
        return shown(value instanceof String text ? "\"" + text + "\"" : String.valueOf(value));
    }

    private static String shown(String text) {
        return text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "…" : text;
    }
}
