package dev.sanca.host.toolkit;

import com.fasterxml.classmate.ResolvedType;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.github.victools.jsonschema.generator.CustomDefinition;
import com.github.victools.jsonschema.generator.FieldScope;
import com.github.victools.jsonschema.generator.Option;
import com.github.victools.jsonschema.generator.OptionPreset;
import com.github.victools.jsonschema.generator.SchemaBuilder;
import com.github.victools.jsonschema.generator.SchemaGenerationContext;
import com.github.victools.jsonschema.generator.SchemaGenerator;
import com.github.victools.jsonschema.generator.SchemaGeneratorConfigBuilder;
import com.github.victools.jsonschema.generator.SchemaVersion;
import com.github.victools.jsonschema.generator.TypeScope;
import com.github.victools.jsonschema.module.jackson.JacksonSchemaModule;
import dev.sanca.host.HostJson;
import java.beans.PropertyDescriptor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeanUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON Schemas of Java types, named as {@link ToolJson} writes them. Not the place where arguments are checked. */
final class JsonSchemas {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private final SchemaGenerator inputs = generator(true);
    private final SchemaGenerator outputs = generator(false);

    /** The schema of a tool's arguments; property order is the order of positional arguments. */
    ObjectNode ofArguments(List<ToolArgument> arguments) {
        SchemaBuilder builder = inputs.buildMultipleSchemaDefinitions();
        Map<String, ObjectNode> properties = new TreeMap<>();
        for (ToolArgument argument : arguments) {
            properties.put(argument.name(), builder.createSchemaReference(argument.schemaType()));
        }
        ObjectNode definitions = builder.collectDefinitions("$defs");
        ObjectNode schema = NODES.objectNode().put("type", "object");
        ObjectNode target = schema.putObject("properties");
        ArrayNode required = NODES.arrayNode();
        for (ToolArgument argument : arguments) {
            ObjectNode property = target.putObject(argument.name());
            property.setAll(properties.get(argument.name()));
            describe(property, argument, required);
        }
        schema.set("required", required);
        return withDefinitions(schema, definitions);
    }

    /**
     * The schema of what a tool returns; empty for nothing and for anything. {@code x-pieces} says that it is read piece by
     * piece: {@code items}, {@code bytes} or {@code text}.
     */
    ObjectNode ofResult(Method method, Class<?> owner, String description) {
        ResultType result = ResultType.of(method, owner);
        SchemaBuilder builder = outputs.buildMultipleSchemaDefinitions();
        ObjectNode schema =
                isAnything(result.value()) ? NODES.objectNode() : builder.createSchemaReference(result.value());
        if (result.pieces().equals("items")) {
            schema = NODES.objectNode().put("type", "array").set("items", schema);
        } else if (result.isOptional()
                || ToolArgument.isOptional(
                        method,
                        method.getReturnType(),
                        method.getAnnotatedReturnType().getAnnotations(),
                        null)) {
            schema = schema.isEmpty() ? schema : orNull(schema);
        }
        if (!result.pieces().isEmpty()) {
            schema.put("x-pieces", result.pieces());
        }
        if (!description.isEmpty()) {
            schema.put("description", description);
        }
        return withDefinitions(schema, builder.collectDefinitions("$defs"));
    }

    /** Takes what any of the overloads takes; only what all of them need is needed. */
    static ObjectNode merged(List<ToolDefinition.Overload> overloads) {
        ObjectNode schema = NODES.objectNode().put("type", "object");
        ObjectNode target = schema.putObject("properties");
        ObjectNode definitions = NODES.objectNode();
        for (ToolDefinition.Overload overload : overloads) {
            JsonNode one = overload.inputSchema();
            one.path("properties").properties().forEach(entry -> merge(target, entry.getKey(), entry.getValue()));
            one.path("$defs").properties().forEach(entry -> definitions.set(entry.getKey(), entry.getValue()));
        }
        ArrayNode required = schema.putArray("required");
        for (String name : target.propertyNames()) {
            if (overloads.stream().allMatch(each -> needs(each.inputSchema(), name))) {
                required.add(name);
            } else if (!target.path(name).has("default")) {
                ((ObjectNode) target.path(name)).putNull("default");
            }
        }
        return withDefinitions(schema, definitions);
    }

    /** Gives what any of the overloads gives. */
    static ObjectNode anyResult(List<ToolDefinition.Overload> overloads) {
        List<JsonNode> different = overloads.stream()
                .map(ToolDefinition.Overload::outputSchema)
                .distinct()
                .toList();
        if (different.size() == 1) {
            return (ObjectNode) different.get(0);
        }
        return NODES.objectNode(); // each overload says its own
    }

    private static void merge(ObjectNode target, String name, JsonNode schema) {
        ObjectNode plain = ((ObjectNode) schema).deepCopy();
        JsonNode known = target.get(name);
        if (known == null) {
            target.set(name, plain);
            return;
        }
        if (known.equals(plain)) {
            return;
        }
        ArrayNode ways = known.has("anyOf")
                ? (ArrayNode) known.path("anyOf")
                : NODES.arrayNode().add(without(known));
        JsonNode way = without(plain);
        if (!ways.values().contains(way)) {
            ways.add(way);
        }
        target.set(
                name,
                ways.size() == 1 ? (ObjectNode) ways.get(0) : NODES.objectNode().set("anyOf", ways));
    }

    private static ObjectNode without(JsonNode property) {
        ObjectNode copy = ((ObjectNode) property).deepCopy();
        copy.remove(List.of("default"));
        return copy;
    }

    private static boolean needs(JsonNode schema, String name) {
        return schema.path("required").values().stream()
                .anyMatch(each -> each.asString().equals(name));
    }

    private static void describe(ObjectNode property, ToolArgument argument, ArrayNode required) {
        if (!argument.description().isEmpty()) {
            property.put("description", argument.description());
        }
        JsonNode fallback = argument.defaultValue();
        if (fallback == null) {
            required.add(argument.name());
        } else {
            property.set("default", fallback);
        }
    }

    private static ObjectNode orNull(ObjectNode schema) {
        if (schema.path("type").values().stream()
                .anyMatch(type -> type.asString().equals("null"))) {
            return schema;
        }
        ObjectNode either = NODES.objectNode();
        either.putArray("anyOf").add(schema).add(NODES.objectNode().put("type", "null"));
        return either;
    }

    private static ObjectNode withDefinitions(ObjectNode schema, ObjectNode definitions) {
        if (!definitions.isEmpty()) {
            schema.set("$defs", definitions);
        }
        return schema;
    }

    private static boolean isAnything(Type type) {
        return type == void.class
                || type == Void.class
                || type == Object.class
                || (type instanceof Class<?> raw && JsonNode.class.isAssignableFrom(raw));
    }

    private static SchemaGenerator generator(boolean isInput) {
        SchemaGeneratorConfigBuilder config = new SchemaGeneratorConfigBuilder(
                        HostJson.MAPPER, SchemaVersion.DRAFT_2020_12, OptionPreset.PLAIN_JSON)
                .with(
                        Option.EXTRA_OPEN_API_FORMAT_VALUES,
                        Option.FLATTENED_OPTIONALS,
                        Option.MAP_VALUES_AS_ADDITIONAL_PROPERTIES,
                        Option.PLAIN_DEFINITION_KEYS)
                .without(Option.SCHEMA_VERSION_INDICATOR);
        config.forTypesInGeneral().withPropertySorter((first, second) -> 0); // as declared
        config.forTypesInGeneral()
                .withCustomDefinitionProvider((type, context) -> customDefinition(type, isInput))
                .withCustomDefinitionProvider(JsonSchemas::mapWithKeys)
                .withCustomDefinitionProvider(JsonSchemas::iterableOrOptional)
                .withTitleResolver(JsonSchemas::titleOf);
        config.with(new JacksonSchemaModule());
        config.forFields()
                .withIgnoreCheck(JsonSchemas::isHidden)
                .withPropertyNameOverrideResolver(JsonSchemas::nameOf)
                .withDescriptionResolver(JsonSchemas::descriptionOf)
                .withDefaultResolver(JsonSchemas::defaultOf)
                .withNullableCheck(JsonSchemas::isOptional)
                .withRequiredCheck(field -> isInput ? isNeeded(field) : true);
        return new SchemaGenerator(config.build());
    }

    private static @Nullable CustomDefinition customDefinition(ResolvedType type, boolean isInput) {
        ObjectNode schema = TypeSchemas.of(type.getErasedType(), isInput);
        return schema == null ? null : new CustomDefinition(schema, true);
    }

    /** A map whose keys are more than text says of what kind they are. */
    private static @Nullable CustomDefinition mapWithKeys(ResolvedType type, SchemaGenerationContext context) {
        List<ResolvedType> arguments = type.typeParametersFor(Map.class);
        if (arguments == null || arguments.size() != 2) {
            return null;
        }
        Class<?> key = arguments.get(0).getErasedType();
        ObjectNode keys = Number.class.isAssignableFrom(key)
                ? NODES.objectNode().put("format", "integer")
                : TypeSchemas.of(key, true);
        if (keys == null || keys.isEmpty()) {
            return null;
        }
        ObjectNode schema = NODES.objectNode().put("type", "object");
        schema.set("propertyNames", keys);
        schema.set("additionalProperties", context.createDefinitionReference(arguments.get(1)));
        return new CustomDefinition(schema, true);
    }

    /** The generator knows collections, but not what is no more than iterable, nor an optional inside a list. */
    private static @Nullable CustomDefinition iterableOrOptional(ResolvedType type, SchemaGenerationContext context) {
        boolean isOptional = type.getErasedType() == Optional.class;
        List<ResolvedType> arguments = type.getTypeParameters();
        if ((!isOptional && type.getErasedType() != Iterable.class) || arguments.isEmpty()) {
            return null;
        }
        ObjectNode item = context.createDefinitionReference(arguments.get(0));
        ObjectNode schema = NODES.objectNode();
        if (isOptional) {
            schema.putArray("anyOf").add(item).add(NODES.objectNode().put("type", "null"));
        } else {
            schema.put("type", "array").set("items", item);
        }
        return new CustomDefinition(schema, true);
    }

    /** Records and beans have a name, so that who reads the schema can give them one. */
    private static @Nullable String titleOf(TypeScope scope) {
        Class<?> raw = scope.getType().getErasedType();
        boolean isOurs = !raw.getName().startsWith("java") && !raw.isArray() && !raw.isPrimitive() && !raw.isEnum();
        return isOurs && !scope.isContainerType() ? scope.getSimpleTypeDescription() : null;
    }

    /** A private field of a bean that nobody can ask for is not part of what crosses. */
    private static boolean isHidden(FieldScope scope) {
        Field field = scope.getRawMember();
        Class<?> type = field.getDeclaringClass();
        if (type.isRecord()
                || Modifier.isPublic(field.getModifiers())
                || field.isAnnotationPresent(JsonProperty.class)) {
            return false;
        }
        PropertyDescriptor property = BeanUtils.getPropertyDescriptor(type, field.getName());
        return property == null || property.getReadMethod() == null;
    }

    private static String nameOf(FieldScope field) {
        ToolParameter annotation = field.getAnnotation(ToolParameter.class);
        return annotation == null || annotation.name().isEmpty()
                ? HostJson.snakeCase(field.getDeclaredName())
                : annotation.name();
    }

    private static @Nullable String descriptionOf(FieldScope field) {
        ToolParameter annotation = field.getAnnotation(ToolParameter.class);
        String description = annotation == null || annotation.description().isEmpty()
                ? Javadocs.of(field.getRawMember().getDeclaringClass()).component(field.getDeclaredName())
                : annotation.description();
        return description.isEmpty() ? null : description;
    }

    private static @Nullable Object defaultOf(FieldScope field) {
        ToolParameter annotation = field.getAnnotation(ToolParameter.class);
        return annotation != null && ToolArgument.hasDefault(annotation)
                ? ToolArgument.parse(
                        annotation.defaultValue(), field.getRawMember().getType())
                : null;
    }

    private static boolean isOptional(FieldScope scope) {
        Field field = scope.getRawMember();
        return ToolArgument.isOptional(
                field,
                field.getType(),
                field.getAnnotatedType().getAnnotations(),
                field.getAnnotation(ToolParameter.class));
    }

    /** A bean starts with what its class gives it; a record has nothing but its components. */
    private static boolean isNeeded(FieldScope scope) {
        Field field = scope.getRawMember();
        return field.getDeclaringClass().isRecord()
                && !(field.getGenericType() instanceof TypeVariable<?>)
                && !isOptional(scope)
                && !ToolArgument.hasDefault(scope.getAnnotation(ToolParameter.class));
    }
}
