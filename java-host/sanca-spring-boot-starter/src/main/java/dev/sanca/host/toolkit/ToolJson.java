package dev.sanca.host.toolkit;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import dev.sanca.host.HostJson;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Month;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.PropertyName;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.deser.jdk.UntypedObjectDeserializer;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.AnnotatedParameter;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.ToStringSerializer;

/**
 * What tools take and give as JSON: {@link HostJson} made exact. Decimals and big whole numbers are texts, because the other
 * side reads numbers into 64 bits; dates keep their offset and zone; what a record says it needs must be there.
 */
public final class ToolJson {
    /** Arguments and results. */
    public static final JsonMapper MAPPER = HostJson.MAPPER
            .rebuild()
            .disable(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
            .enable(DateTimeFeature.WRITE_DATES_WITH_ZONE_ID)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .annotationIntrospector(new Introspector())
            .addModule(exactNumbers())
            .build();

    private static final ObjectReader TREES =
            MAPPER.readerFor(JsonNode.class).with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    /** From here on bytes are read and written in half the time of characters. */
    private static final int LONG_CHARS = 16_384;

    private ToolJson() {}

    /** Reads the arguments of a call; fractions keep every digit. */
    public static JsonNode tree(String json) {
        return json.length() < LONG_CHARS
                ? TREES.readValue(json)
                : TREES.readValue(json.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a value as the type says; null: as the value itself does. */
    static String write(@Nullable Object value, @Nullable JavaType type) {
        ObjectWriter writer = type == null || value == null ? MAPPER.writer() : MAPPER.writerFor(type);
        if (value instanceof CharSequence text && text.length() < LONG_CHARS) {
            return writer.writeValueAsString(value);
        }
        try {
            return new String(writer.writeValueAsBytes(value), StandardCharsets.UTF_8);
        } catch (StreamWriteException halfCharacter) { // a lone surrogate has no bytes; in a text it can stay
            return writer.writeValueAsString(value);
        }
    }

    private static SimpleModule exactNumbers() {
        return new SimpleModule("sanca exact numbers")
                .addSerializer(BigDecimal.class, ToStringSerializer.instance)
                .addSerializer(BigInteger.class, ToStringSerializer.instance)
                .addSerializer(Month.class, ToStringSerializer.instance)
                .addDeserializer(Object.class, new AnyValue())
                .addDeserializer(Number.class, new AnyNumber())
                .addDeserializer(Byte.class, new SignedByte())
                .addDeserializer(byte.class, new SignedByte())
                .addDeserializer(Comparable.class, new AnyOrdered());
    }

    /** Of a parameter that takes anything, a fraction is a double, as the caller wrote it, and not an exact decimal. */
    private static final class AnyValue extends UntypedObjectDeserializer {
        AnyValue() {
            super((JavaType) null, (JavaType) null);
        }

        @Override
        public Object deserialize(JsonParser parser, DeserializationContext context) {
            return parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT
                    ? (Object) parser.getDoubleValue()
                    : super.deserialize(parser, context);
        }
    }

    /** The same for a number of any kind. */
    private static final class AnyNumber extends StdDeserializer<Number> {
        AnyNumber() {
            super(Number.class);
        }

        @Override
        public Number deserialize(JsonParser parser, DeserializationContext context) {
            if (parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
                return parser.getDoubleValue();
            }
            return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    ? parser.getNumberValue()
                    : context.readValue(parser, BigDecimal.class);
        }
    }

    /** What can be compared, of a type that nobody said: a text, a number or a truth. */
    @SuppressWarnings("rawtypes") // the type to read is the raw one
    private static final class AnyOrdered extends StdDeserializer<Comparable> {
        AnyOrdered() {
            super(Comparable.class);
        }

        @Override
        public Comparable deserialize(JsonParser parser, DeserializationContext context) {
            Object value = context.readValue(parser, Object.class);
            return value instanceof Comparable ordered
                    ? ordered
                    : context.<Comparable>reportInputMismatch(Comparable.class, "a text or a number is needed");
        }
    }

    /** Of a byte, 200 is too much and not -56. */
    private static final class SignedByte extends StdDeserializer<Byte> {
        SignedByte() {
            super(Byte.class);
        }

        @Override
        public Byte deserialize(JsonParser parser, DeserializationContext context) {
            int value = context.readValue(parser, Integer.class);
            return value == (byte) value
                    ? (byte) value
                    : context.<Byte>reportInputMismatch(Byte.class, "%d is not a byte", value);
        }
    }

    /** Lets {@link ToolParameter} speak for components of records, and refuses records that lack what they need. */
    private static final class Introspector extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public PropertyName findNameForSerialization(MapperConfig<?> config, Annotated element) {
            PropertyName own = ownName(element);
            return own == null ? super.findNameForSerialization(config, element) : own;
        }

        @Override
        public PropertyName findNameForDeserialization(MapperConfig<?> config, Annotated element) {
            PropertyName own = ownName(element);
            return own == null ? super.findNameForDeserialization(config, element) : own;
        }

        @Override
        public Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
            return isNeeded(member) ? Boolean.TRUE : super.hasRequiredMarker(config, member);
        }

        @Override
        public JsonSetter.Value findSetterInfo(MapperConfig<?> config, Annotated element) {
            JsonSetter.Value said = super.findSetterInfo(config, element);
            boolean isOpen = said.getValueNulls() == null || said.getValueNulls() == Nulls.DEFAULT;
            return isOpen && element instanceof AnnotatedMember member && isNeeded(member)
                    ? said.withValueNulls(Nulls.FAIL)
                    : said;
        }

        private static PropertyName ownName(Annotated element) {
            ToolParameter said = element.getAnnotation(ToolParameter.class);
            return said == null || said.name().isEmpty() ? null : PropertyName.construct(said.name());
        }

        private static boolean isNeeded(AnnotatedMember member) {
            return member instanceof AnnotatedParameter parameter
                    && parameter.getDeclaringClass().isRecord()
                    && RecordComponents.isRequired(parameter.getDeclaringClass(), parameter.getIndex());
        }
    }
}
