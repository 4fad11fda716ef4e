package dev.sanca.host.toolkit;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;

/** How closely arguments fit the parameters of an overload that could take them. */
final class ArgumentFit {
    private static final int EXACT = 4;
    private static final int CLOSE = 3;
    private static final int PLAIN = 2;
    private static final int ANY = 1;

    private ArgumentFit() {}

    /** Higher is closer; an overload that needs to fill in fewer of its own defaults is preferred among equals. */
    static int of(JsonNode arguments, List<ToolArgument> parameters) {
        int fit = 0;
        int leftOut = 0;
        for (ToolArgument parameter : parameters) {
            JsonNode given = arguments.get(parameter.name());
            if (given == null) {
                leftOut++;
            } else {
                fit += of(given, parameter.type());
            }
        }
        return Math.max(0, fit * 100 - leftOut);
    }

    private static int of(JsonNode given, JavaType declared) {
        JavaType type =
                declared.isReferenceType() && declared.getContentType() != null ? declared.getContentType() : declared;
        Class<?> raw = type.getRawClass();
        if (raw == Object.class) {
            return ANY;
        }
        if (given.isString()) {
            return ofText(raw, type);
        }
        if (given.isIntegralNumber()) {
            return isWhole(raw) ? EXACT : isNumber(raw) ? CLOSE : 0;
        }
        if (given.isNumber()) {
            return isNumber(raw) && !isWhole(raw) ? EXACT : 0;
        }
        if (given.isBoolean()) {
            return raw == boolean.class || raw == Boolean.class ? EXACT : 0;
        }
        if (given.isArray()) {
            return type.isCollectionLikeType() || type.isArrayType() ? EXACT : 0;
        }
        return given.isObject() ? ofObject(type) : PLAIN;
    }

    /** A date, a UUID or an enum is said in text, and says more than text. */
    private static int ofText(Class<?> raw, JavaType type) {
        if (raw == String.class || CharSequence.class.isAssignableFrom(raw)) {
            return PLAIN;
        }
        if (raw.isPrimitive() || Number.class.isAssignableFrom(raw) || raw == Boolean.class) {
            return raw == BigDecimal.class || raw == BigInteger.class || raw == char.class ? ANY : 0;
        }
        return type.isContainerType() && raw != byte[].class && raw != char[].class ? 0 : CLOSE;
    }

    private static int ofObject(JavaType type) {
        if (type.isMapLikeType() || Map.class.isAssignableFrom(type.getRawClass())) {
            return PLAIN;
        }
        return type.isContainerType() || type.isPrimitive() ? 0 : EXACT;
    }

    private static boolean isWhole(Class<?> raw) {
        return raw == int.class
                || raw == long.class
                || raw == short.class
                || raw == byte.class
                || raw == Integer.class
                || raw == Long.class
                || raw == Short.class
                || raw == Byte.class
                || raw == BigInteger.class;
    }

    private static boolean isNumber(Class<?> raw) {
        return isWhole(raw) || raw == double.class || raw == float.class || Number.class.isAssignableFrom(raw);
    }
}
