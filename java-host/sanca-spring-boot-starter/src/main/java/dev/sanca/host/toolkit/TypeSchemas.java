package dev.sanca.host.toolkit;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Currency;
import java.util.Date;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The schemas of Java types that are one JSON value. The table is in docs/reference/java-toolkits.md. */
final class TypeSchemas {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String DATE_TIME = "date-time";
    private static final Map<Class<?>, String> TEXT_FORMATS = Map.ofEntries(
            Map.entry(Instant.class, DATE_TIME),
            Map.entry(OffsetDateTime.class, DATE_TIME),
            Map.entry(Date.class, DATE_TIME),
            Map.entry(ZonedDateTime.class, "zoned-date-time"),
            Map.entry(LocalDateTime.class, "local-date-time"),
            Map.entry(LocalDate.class, "date"),
            Map.entry(LocalTime.class, "local-time"),
            Map.entry(OffsetTime.class, "time"),
            Map.entry(Period.class, "period"),
            Map.entry(YearMonth.class, "year-month"),
            Map.entry(MonthDay.class, "month-day"),
            Map.entry(ZoneId.class, "time-zone"),
            Map.entry(ZoneOffset.class, "time-zone"),
            Map.entry(UUID.class, "uuid"),
            Map.entry(URI.class, "uri"),
            Map.entry(URL.class, "uri"),
            Map.entry(Locale.class, "locale"),
            Map.entry(Currency.class, "currency"),
            Map.entry(Pattern.class, "regex"));

    private TypeSchemas() {}

    /**
     * The schema of a type that is one value.
     *
     * @param isInput an argument may also be given in a form that is read without loss
     * @return null: the type is an object, a list, or one that the generator knows itself
     */
    static @Nullable ObjectNode of(Class<?> raw, boolean isInput) {
        String format = TEXT_FORMATS.get(raw);
        if (format != null) {
            return text(format);
        }
        if (raw.isEnum()) {
            return choices(raw);
        }
        if (raw == byte[].class || ByteBuffer.class.isAssignableFrom(raw)) {
            return NODES.objectNode().put("type", "string").put("contentEncoding", "base64");
        }
        if (raw == char[].class || (raw != String.class && CharSequence.class.isAssignableFrom(raw))) {
            return NODES.objectNode().put("type", "string");
        }
        if (raw == char.class || raw == Character.class) {
            return NODES.objectNode().put("type", "string").put("minLength", 1).put("maxLength", 1);
        }
        if (raw == Object.class
                || raw == Comparable.class
                || raw == Serializable.class
                || JsonNode.class.isAssignableFrom(raw)) {
            return NODES.objectNode();
        }
        return number(raw, isInput);
    }

    private static @Nullable ObjectNode number(Class<?> raw, boolean isInput) {
        if (raw == BigDecimal.class) {
            return isInput ? either("decimal", "string", "number") : text("decimal");
        }
        if (raw == BigInteger.class) {
            return isInput ? either("big-integer", "string", "integer") : text("big-integer");
        }
        if (raw == Number.class) {
            return NODES.objectNode().put("type", "number");
        }
        if (raw == byte.class || raw == Byte.class) {
            return NODES.objectNode()
                    .put("type", "integer")
                    .put("minimum", -128)
                    .put("maximum", 127);
        }
        if (raw == Duration.class) {
            return isInput ? either("duration", "string", "number") : text("duration");
        }
        if (raw == Year.class) {
            return NODES.objectNode().put("type", "integer").put("format", "year");
        }
        if (raw == OptionalInt.class || raw == OptionalLong.class) {
            return either(raw == OptionalInt.class ? "int32" : "int64", "integer", "null");
        }
        return raw == OptionalDouble.class ? either("double", "number", "null") : null;
    }

    private static ObjectNode choices(Class<?> raw) {
        ObjectNode node = NODES.objectNode().put("type", "string");
        ArrayNode values = node.putArray("enum");
        for (Object constant : raw.getEnumConstants()) {
            values.add(ToolJson.MAPPER.<JsonNode>valueToTree(constant).asString());
        }
        return node;
    }

    private static ObjectNode text(String format) {
        return NODES.objectNode().put("type", "string").put("format", format);
    }

    private static ObjectNode either(String format, String first, String second) {
        ObjectNode node = NODES.objectNode();
        node.putArray("type").add(first).add(second);
        return node.put("format", format);
    }
}
