package dev.sanca.host.toolkit;

import com.fasterxml.classmate.ResolvedType;
import com.github.victools.jsonschema.generator.CustomDefinition;
import com.github.victools.jsonschema.generator.FieldScope;
import com.github.victools.jsonschema.generator.Option;
import com.github.victools.jsonschema.generator.OptionPreset;
import com.github.victools.jsonschema.generator.SchemaBuilder;
import com.github.victools.jsonschema.generator.SchemaGenerator;
import com.github.victools.jsonschema.generator.SchemaGeneratorConfigBuilder;
import com.github.victools.jsonschema.generator.SchemaVersion;
import dev.sanca.host.HostJson;
import java.lang.reflect.Field;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON Schemas of Java types, named as {@link HostJson} writes them. Not the place where arguments are checked. */
final class JsonSchemas {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private final SchemaGenerator generator = generator();

    /** The schema of a tool's arguments; property order is the order of positional arguments. */
    ObjectNode ofArguments(List<ToolArgument> arguments) {
        SchemaBuilder builder = generator.buildMultipleSchemaDefinitions();
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

    /** The schema of what a tool returns; empty for nothing and for anything. */
    ObjectNode ofResult(Type type) {
        if (type == void.class || type == Void.class || type == Object.class || isJson(type)) {
            return NODES.objectNode();
        }
        SchemaBuilder builder = generator.buildMultipleSchemaDefinitions();
        ObjectNode schema = builder.createSchemaReference(type);
        return withDefinitions(schema, builder.collectDefinitions("$defs"));
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

    private static ObjectNode withDefinitions(ObjectNode schema, ObjectNode definitions) {
        if (!definitions.isEmpty()) {
            schema.set("$defs", definitions);
        }
        return schema;
    }

    private static boolean isJson(Type type) {
        return type instanceof Class<?> raw && JsonNode.class.isAssignableFrom(raw);
    }

    private static SchemaGenerator generator() {
        SchemaGeneratorConfigBuilder config = new SchemaGeneratorConfigBuilder(
                        HostJson.MAPPER, SchemaVersion.DRAFT_2020_12, OptionPreset.PLAIN_JSON)
                .with(
                        Option.EXTRA_OPEN_API_FORMAT_VALUES,
                        Option.FLATTENED_OPTIONALS,
                        Option.MAP_VALUES_AS_ADDITIONAL_PROPERTIES,
                        Option.PLAIN_DEFINITION_KEYS)
                .without(Option.SCHEMA_VERSION_INDICATOR);
        config.forTypesInGeneral().withPropertySorter((first, second) -> 0); // as declared
        config.forTypesInGeneral().withCustomDefinitionProvider((type, context) -> customDefinition(type));
        config.forFields()
                .withPropertyNameOverrideResolver(JsonSchemas::nameOf)
                .withDescriptionResolver(JsonSchemas::descriptionOf)
                .withRequiredCheck(JsonSchemas::isRequired);
        return new SchemaGenerator(config.build());
    }

    private static @Nullable CustomDefinition customDefinition(ResolvedType type) {
        Class<?> raw = type.getErasedType();
        if (raw.isEnum()) {
            ObjectNode node = NODES.objectNode().put("type", "string");
            ArrayNode values = node.putArray("enum");
            for (Object constant : raw.getEnumConstants()) {
                values.add(HostJson.MAPPER.<JsonNode>valueToTree(constant).asString());
            }
            return new CustomDefinition(node, true);
        }
        if (raw == byte[].class) {
            return new CustomDefinition(
                    NODES.objectNode().put("type", "string").put("contentEncoding", "base64"), true);
        }
        return raw == Object.class || JsonNode.class.isAssignableFrom(raw)
                ? new CustomDefinition(NODES.objectNode(), true)
                : null;
    }

    private static String nameOf(FieldScope field) {
        ToolParameter annotation = field.getAnnotation(ToolParameter.class);
        return annotation == null || annotation.name().isEmpty()
                ? HostJson.snakeCase(field.getDeclaredName())
                : annotation.name();
    }

    private static @Nullable String descriptionOf(FieldScope field) {
        ToolParameter annotation = field.getAnnotation(ToolParameter.class);
        return annotation == null || annotation.description().isEmpty() ? null : annotation.description();
    }

    private static boolean isRequired(FieldScope scope) {
        Field field = scope.getRawMember();
        return !ToolArgument.isOptional(
                field,
                field.getType(),
                field.getAnnotatedType().getAnnotations(),
                field.getAnnotation(ToolParameter.class));
    }
}
