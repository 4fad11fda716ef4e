package dev.sanca.host.toolkit;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.sanca.host.HostJson;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.AnnotatedElementUtils;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;

/** One tool of an annotated bean: a method, or several overloads of one name among which the arguments choose. */
final class AnnotatedTool {
    private final String toolkit;
    private final String name;
    private final List<Overload> overloads;

    private AnnotatedTool(String toolkit, String name, List<Overload> overloads) {
        this.toolkit = toolkit;
        this.name = name;
        this.overloads = overloads;
    }

    /**
     * Makes a tool of methods that want the same name.
     *
     * @throws IllegalArgumentException when they are not overloads of one method, or do not agree on what the tool does
     */
    static AnnotatedTool of(String toolkit, String name, List<Overload> methods) {
        // Reflection has no order of its own: fewest arguments first, then by their types.
        List<Overload> sorted = methods.stream()
                .sorted(Comparator.<Overload>comparingInt(
                                each -> each.binder().arguments().size())
                        .thenComparing(each -> each.declared().toGenericString()))
                .toList();
        Overload first = sorted.get(0);
        for (Overload other : sorted) {
            if (!other.declared().getName().equals(first.declared().getName())) {
                throw new IllegalArgumentException("The toolkit '" + toolkit + "' has two tools named '" + name
                        + "': name one of them otherwise.");
            }
            if (!agree(other.annotation(), first.annotation())) {
                throw new IllegalArgumentException("The overloads of '" + toolkit + "." + name
                        + "' are one tool: they must declare the same effect, approval, right, timeout and so on.");
            }
        }
        return new AnnotatedTool(toolkit, name, sorted);
    }

    static String nameOf(Method method, ToolMethod annotation) {
        return annotation.name().isEmpty() ? HostJson.snakeCase(method.getName()) : annotation.name();
    }

    String name() {
        return name;
    }

    ToolDefinition definition(JsonSchemas schemas) {
        ToolMethod said = overloads.get(0).annotation();
        List<ToolDefinition.Overload> shown =
                overloads.stream().map(each -> each.definition(schemas)).toList();
        return new ToolDefinition(
                name,
                shown.stream()
                        .map(ToolDefinition.Overload::description)
                        .filter(text -> !text.isEmpty())
                        .collect(Collectors.toCollection(LinkedHashSet::new))
                        .stream()
                        .collect(Collectors.joining("\nOr: ")),
                said.effect(),
                said.idempotent(),
                said.approval(),
                said.interaction(),
                said.right(),
                said.timeoutSeconds(),
                emptyToNull(said.undo()),
                emptyToNull(said.alternative()),
                emptyToNull(said.verifiedBy()),
                shown.size() == 1 ? shown.get(0).inputSchema() : JsonSchemas.merged(shown),
                shown.size() == 1 ? shown.get(0).outputSchema() : JsonSchemas.anyResult(shown),
                shown.size() == 1 ? List.of() : shown);
    }

    /** Binds the arguments to the overload that they fit best. */
    Bound bind(JsonNode arguments, CallContext context) {
        if (overloads.size() == 1) {
            Overload only = overloads.get(0);
            return new Bound(only, only.binder().bind(arguments, context));
        }
        List<Overload> possible = overloads.stream()
                .filter(each -> each.binder().takes(arguments))
                .toList();
        if (possible.size() == 1) {
            return new Bound(possible.get(0), possible.get(0).binder().bind(arguments, context));
        }
        return best(possible, arguments, context);
    }

    private Bound best(List<Overload> possible, JsonNode arguments, CallContext context) {
        List<String> complaints = new ArrayList<>();
        Bound best = null;
        int bestFit = -1;
        for (Overload each : possible) {
            try {
                @Nullable Object[] values = each.binder().bind(arguments, context);
                int fit = ArgumentFit.of(arguments, each.binder().arguments());
                if (fit > bestFit) {
                    bestFit = fit;
                    best = new Bound(each, values);
                }
            } catch (ToolArgumentException error) {
                complaints.add(error.getMessage());
            }
        }
        if (best == null) {
            throw fitsNone(arguments, complaints);
        }
        return best;
    }

    private ToolArgumentException fitsNone(JsonNode arguments, List<String> complaints) {
        String ways = overloads.stream()
                .map(each -> "(" + each.binder().signature().replace("'", "") + ")")
                .distinct()
                .collect(Collectors.joining(" or "));
        List<String> names = overloads.stream()
                .flatMap(each -> each.binder().arguments().stream())
                .map(ToolArgument::name)
                .distinct()
                .toList();
        String unknown = null;
        for (String given : arguments.propertyNames()) {
            unknown = unknown == null && !names.contains(given) ? given : unknown;
        }
        List<String> near = unknown == null ? List.of() : NearNames.of(unknown, names);
        String why = unknown == null ? String.join(" ", complaints) : "There is no argument '" + unknown + "'.";
        return new ToolArgumentException(
                unknown,
                (toolkit + "." + name + " takes " + ways + "; these arguments fit none of them. " + why).strip()
                        + NearNames.hint(near),
                near);
    }

    private static boolean agree(ToolMethod one, ToolMethod other) {
        return one.effect() == other.effect()
                && one.idempotent() == other.idempotent()
                && one.approval() == other.approval()
                && one.interaction() == other.interaction()
                && one.right().equals(other.right())
                && one.timeoutSeconds() == other.timeoutSeconds()
                && one.undo().equals(other.undo())
                && one.alternative().equals(other.alternative())
                && one.verifiedBy().equals(other.verifiedBy());
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** An overload and the values for its parameters. */
    record Bound(Overload overload, @Nullable Object[] values) {}

    /**
     * One {@link ToolMethod}: the method to invoke and how its arguments bind.
     *
     * @param resultType the type of what it gives, where its value does not tell; null where it does
     */
    record Overload(
            Class<?> owner,
            Method invocable,
            Method declared,
            ToolMethod annotation,
            ArgumentBinder binder,
            @Nullable JavaType resultType) {

        static Overload of(String toolkit, Class<?> owner, Method invocable, Method declared, ToolMethod annotation) {
            String tool = toolkit + "." + nameOf(declared, annotation);
            Javadocs javadocs = Javadocs.of(declared.getDeclaringClass());
            JavaType result =
                    ToolJson.MAPPER.constructType(ResultType.of(declared, owner).value());
            return new Overload(
                    owner,
                    invocable,
                    declared,
                    annotation,
                    new ArgumentBinder(tool, declared, owner, javadocs),
                    result.isContainerType() && hasKinds(result) ? result : null);
        }

        /** Whether an item is written with its kind, which a list that has forgotten its type would leave out. */
        private static boolean hasKinds(@Nullable JavaType type) {
            return type != null
                    && (AnnotatedElementUtils.hasAnnotation(type.getRawClass(), JsonTypeInfo.class)
                            || hasKinds(type.getContentType()));
        }

        @Nullable Object typed(@Nullable Object value) {
            return resultType == null ? value : new ToolResult(value, resultType);
        }

        private ToolDefinition.Overload definition(JsonSchemas schemas) {
            Javadocs javadocs = Javadocs.of(declared.getDeclaringClass());
            String description = Objects.requireNonNull(annotation).description();
            return new ToolDefinition.Overload(
                    description.isEmpty() ? javadocs.method(declared) : description,
                    schemas.ofArguments(binder.arguments()),
                    schemas.ofResult(declared, owner, javadocs.result(declared)));
        }
    }
}
