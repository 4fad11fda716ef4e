package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * One named argument of a tool, as the Java parameter declares it.
 *
 * @param schemaType the type without {@link Optional}
 * @param defaultValue null: it must be given; JSON null: optional without a value
 */
record ToolArgument(
        String name,
        String description,
        JavaType type,
        Type schemaType,
        @Nullable JsonNode defaultValue) {

    static ToolArgument of(Parameter parameter) {
        ToolParameter annotation = parameter.getAnnotation(ToolParameter.class);
        String name = annotation == null || annotation.name().isEmpty() ? nameOf(parameter) : annotation.name();
        return new ToolArgument(
                name,
                annotation == null ? "" : annotation.description(),
                HostJson.MAPPER.constructType(parameter.getParameterizedType()),
                unwrapOptional(parameter.getParameterizedType()),
                defaultOf(parameter, annotation));
    }

    boolean isRequired() {
        return defaultValue == null;
    }

    /** Whether a field or parameter may be left out: {@link Optional}, {@code @Nullable}, or so annotated. */
    static boolean isOptional(
            AnnotatedElement element, Class<?> type, Annotation[] typeAnnotations, @Nullable ToolParameter annotation) {
        return type == Optional.class
                || (annotation != null && !annotation.required())
                || hasNullable(element.getAnnotations())
                || hasNullable(typeAnnotations);
    }

    private static Type unwrapOptional(Type type) {
        return type instanceof ParameterizedType generic && generic.getRawType() == Optional.class
                ? generic.getActualTypeArguments()[0]
                : type;
    }

    private static boolean hasNullable(Annotation[] annotations) {
        return Arrays.stream(annotations)
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("Nullable"));
    }

    private static @Nullable JsonNode defaultOf(Parameter parameter, @Nullable ToolParameter annotation) {
        if (annotation != null && !annotation.defaultValue().equals(ToolParameter.NONE)) {
            return parse(annotation.defaultValue(), parameter.getType());
        }
        boolean optional = isOptional(
                parameter, parameter.getType(), parameter.getAnnotatedType().getAnnotations(), annotation);
        return optional ? JsonNodeFactory.instance.nullNode() : null;
    }

    private static JsonNode parse(String text, Class<?> type) {
        if (type == String.class || type.isEnum()) {
            return JsonNodeFactory.instance.stringNode(text);
        }
        try {
            return HostJson.MAPPER.readTree(text);
        } catch (JacksonException notJson) {
            return JsonNodeFactory.instance.stringNode(text);
        }
    }

    private static String nameOf(Parameter parameter) {
        if (!parameter.isNamePresent()) {
            throw new IllegalStateException("The tool " + parameter.getDeclaringExecutable()
                    + " was compiled without parameter names: compile it with -parameters.");
        }
        return HostJson.snakeCase(parameter.getName());
    }
}
