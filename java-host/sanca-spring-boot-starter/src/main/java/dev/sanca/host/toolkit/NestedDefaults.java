package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import java.lang.reflect.RecordComponent;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts the default values of record components into arguments that leave them out. Walks only where there can be some. */
final class NestedDefaults {

    private NestedDefaults() {}

    /** Whether a value of the type may hold a record with default values. */
    static boolean mayHave(JavaType type) {
        return mayHave(type, new HashSet<>());
    }

    private static boolean mayHave(@Nullable JavaType type, Set<JavaType> seen) {
        if (type == null || !seen.add(type)) {
            return false;
        }
        if (mayHave(type.getContentType(), seen)) {
            return true;
        }
        for (RecordComponent component : components(type)) {
            if (ToolArgument.hasDefault(RecordComponents.said(component)) || mayHave(typeOf(component, type), seen)) {
                return true;
            }
        }
        return false;
    }

    /** A copy with the defaults filled in. */
    static JsonNode filled(JsonNode value, JavaType type) {
        JsonNode copy = value.deepCopy();
        fill(copy, type);
        return copy;
    }

    private static void fill(JsonNode value, @Nullable JavaType type) {
        if (type == null) {
            return;
        }
        if (value.isArray() || (value.isObject() && type.isMapLikeType())) {
            value.values().forEach(item -> fill(item, type.getContentType()));
        } else if (type.isReferenceType()) {
            fill(value, type.getContentType());
        } else if (value instanceof ObjectNode object) {
            for (RecordComponent component : components(type)) {
                fill(object, component, type);
            }
        }
    }

    private static void fill(ObjectNode object, RecordComponent component, JavaType owner) {
        ToolParameter said = RecordComponents.said(component);
        String name = said == null || said.name().isEmpty() ? HostJson.snakeCase(component.getName()) : said.name();
        JsonNode given = object.get(name);
        if (given != null) {
            fill(given, typeOf(component, owner));
        } else if (said != null && ToolArgument.hasDefault(said)) {
            object.set(name, ToolArgument.parse(said.defaultValue(), component.getType()));
        }
    }

    private static RecordComponent[] components(JavaType type) {
        return type.getRawClass().isRecord() ? type.getRawClass().getRecordComponents() : new RecordComponent[0];
    }

    private static JavaType typeOf(RecordComponent component, JavaType owner) {
        return ToolJson.MAPPER.getTypeFactory().resolveMemberType(component.getGenericType(), owner.getBindings());
    }
}
