package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.GenericTypeResolver;
import org.springframework.util.ClassUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * One named argument of a tool, as the Java parameter declares it.
 *
 * @param schemaType the type without {@link Optional}
 * @param defaultValue null: it must be given; JSON null: optional without a value
 * @param hasNestedDefaults whether a record inside it may leave out what has a default value
 */
record ToolArgument(
        String name,
        String description,
        JavaType type,
        Type schemaType,
        @Nullable JsonNode defaultValue,
        boolean hasNestedDefaults) {
    private static final Set<Class<?>> OPTIONALS =
            Set.of(Optional.class, OptionalInt.class, OptionalLong.class, OptionalDouble.class);

    /**
     * Reads a parameter.
     *
     * @param owner the toolkit's class, which may say what the type variables of its base class are
     * @param javadoc what the parameter's javadoc says, for one that is not described by annotation
     */
    static ToolArgument of(Parameter parameter, Class<?> owner, String javadoc) {
        ToolParameter annotation = parameter.getAnnotation(ToolParameter.class);
        String name = annotation == null || annotation.name().isEmpty() ? nameOf(parameter) : annotation.name();
        Type resolved = GenericTypeResolver.resolveType(parameter.getParameterizedType(), owner);
        JavaType type = ToolJson.MAPPER.constructType(resolved);
        return new ToolArgument(
                name,
                annotation == null || annotation.description().isEmpty() ? javadoc : annotation.description(),
                type,
                unwrapOptional(resolved),
                defaultOf(parameter, annotation),
                NestedDefaults.mayHave(type));
    }

    boolean isRequired() {
        return defaultValue == null;
    }

    /** Whether a field or parameter may be left out: {@link Optional}, {@code @Nullable}, or so annotated. */
    static boolean isOptional(
            AnnotatedElement element, Class<?> type, Annotation[] typeAnnotations, @Nullable ToolParameter annotation) {
        return OPTIONALS.contains(type)
                || (annotation != null && !annotation.required())
                || hasNullable(element.getAnnotations())
                || hasNullable(typeAnnotations);
    }

    /** What an optional argument is when nothing was given. */
    static @Nullable Object absent(Class<?> type) {
        if (type == Optional.class) {
            return Optional.empty();
        }
        if (type == OptionalInt.class) {
            return OptionalInt.empty();
        }
        if (type == OptionalLong.class) {
            return OptionalLong.empty();
        }
        return type == OptionalDouble.class ? OptionalDouble.empty() : null;
    }

    static boolean hasDefault(@Nullable ToolParameter annotation) {
        return annotation != null && !annotation.defaultValue().equals(ToolParameter.NONE);
    }

    /** The default value as JSON; what is not JSON is text. */
    static JsonNode parse(String text, Class<?> type) {
        if (CharSequence.class.isAssignableFrom(type) || type.isEnum()) {
            return JsonNodeFactory.instance.stringNode(text);
        }
        try {
            return ToolJson.tree(text);
        } catch (JacksonException notJson) {
            return JsonNodeFactory.instance.stringNode(text);
        }
    }

    private static Type unwrapOptional(Type type) {
        if (type == OptionalInt.class) {
            return Integer.class;
        }
        if (type == OptionalLong.class) {
            return Long.class;
        }
        if (type == OptionalDouble.class) {
            return Double.class;
        }
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
        if (annotation != null && hasDefault(annotation)) {
            return parse(annotation.defaultValue(), parameter.getType());
        }
        boolean optional = isOptional(
                parameter, parameter.getType(), parameter.getAnnotatedType().getAnnotations(), annotation);
        if (optional && parameter.getType().isPrimitive()) {
            throw new IllegalStateException("The parameter '" + parameter.getName() + "' of "
                    + parameter.getDeclaringExecutable() + " may be left out but cannot be null: give it a default"
                    + " value, or take "
                    + ClassUtils.resolvePrimitiveIfNecessary(parameter.getType())
                            .getSimpleName()
                    + ".");
        }
        return optional ? JsonNodeFactory.instance.nullNode() : null;
    }

    private static String nameOf(Parameter parameter) {
        if (!parameter.isNamePresent()) {
            throw new IllegalStateException("The tool " + parameter.getDeclaringExecutable()
                    + " was compiled without parameter names: compile it with -parameters.");
        }
        return HostJson.snakeCase(parameter.getName());
    }
}
