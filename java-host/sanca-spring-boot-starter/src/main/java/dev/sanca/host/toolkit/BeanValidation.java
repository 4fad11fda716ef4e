package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import jakarta.validation.Validator;
import jakarta.validation.metadata.MethodDescriptor;
import java.lang.reflect.Method;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.util.function.SingletonSupplier;

/** Applies the Bean Validation constraints of parameters and of what is {@code @Valid} inside them. */
final class BeanValidation implements ArgumentChecks {
    private static final int SHOWN_CHARS = 60;
    private final Supplier<Optional<Validator>> validator;
    private final ConcurrentMap<Method, Boolean> constrained = new ConcurrentHashMap<>();

    /** @param validator asked once, when the first call comes: a look for a bean takes longer than most calls; null: none */
    BeanValidation(Supplier<@Nullable Validator> validator) {
        this.validator = SingletonSupplier.of(() -> Optional.ofNullable(validator.get()));
    }

    @Override
    public void check(Object bean, String tool, AnnotatedTool.Bound bound) {
        Method method = bound.overload().declared();
        Validator present = validator.get().orElse(null);
        if (present == null || !isKnownAsConstrained(present, method)) {
            return;
        }
        Object target = AopProxyUtils.getSingletonTarget(bean);
        Set<ConstraintViolation<Object>> violations =
                present.forExecutables().validateParameters(target == null ? bean : target, method, bound.values());
        if (!violations.isEmpty()) {
            throw refusal(tool, bound.overload().binder(), violations);
        }
    }

    private boolean isKnownAsConstrained(Validator validator, Method method) {
        Boolean known = constrained.get(method); // first without the lock and the lambda of the other
        return known == null ? constrained.computeIfAbsent(method, each -> isConstrained(validator, each)) : known;
    }

    private static boolean isConstrained(Validator validator, Method method) {
        MethodDescriptor found = validator
                .getConstraintsForClass(method.getDeclaringClass())
                .getConstraintsForMethod(method.getName(), method.getParameterTypes());
        return found != null;
    }

    private static ToolArgumentException refusal(
            String tool, ArgumentBinder binder, Set<ConstraintViolation<Object>> violations) {
        List<Wrong> all = violations.stream()
                .map(violation -> new Wrong(
                        path(violation.getPropertyPath(), binder), violation.getMessage(), violation.getInvalidValue()))
                .sorted(Comparator.comparing(Wrong::path).thenComparing(Wrong::message))
                .toList();
        String listed = all.stream().map(Wrong::sentence).collect(Collectors.joining("; "));
        String count =
                all.size() == 1 ? "An argument of " + tool + " is" : all.size() + " arguments of " + tool + " are";
        return new ToolArgumentException(all.get(0).path(), count + " not right: " + listed + ".");
    }

    /** {@code order.lines[0].quantity}, in the names that actions use. */
    private static String path(Path violated, ArgumentBinder binder) {
        StringBuilder path = new StringBuilder();
        for (Path.Node node : violated) {
            if (node.getKind() == ElementKind.METHOD || node.getKind() == ElementKind.CROSS_PARAMETER) {
                continue;
            }
            append(path, node);
            if (node.getKind() == ElementKind.PARAMETER) {
                ToolArgument argument =
                        binder.argumentAt(node.as(Path.ParameterNode.class).getParameterIndex());
                path.append(argument == null ? node.getName() : argument.name());
            } else if (node.getName() != null && node.getKind() != ElementKind.CONTAINER_ELEMENT) {
                path.append(path.isEmpty() ? "" : ".").append(HostJson.snakeCase(node.getName()));
            }
        }
        return path.toString();
    }

    private static void append(StringBuilder path, Path.Node node) {
        if (node.isInIterable() && node.getIndex() != null) {
            path.append('[').append(node.getIndex()).append(']');
        } else if (node.isInIterable() && node.getKey() != null) {
            path.append('[').append(node.getKey()).append(']');
        }
    }

    private record Wrong(
            String path, String message, @Nullable Object value) {
        String sentence() {
            String shown = String.valueOf(value);
            boolean isPlain = value instanceof CharSequence || value instanceof Number || value instanceof Enum<?>;
            String given = !isPlain
                    ? ""
                    : " (it is " + (shown.length() > SHOWN_CHARS ? shown.substring(0, SHOWN_CHARS) + "…" : shown) + ")";
            return (path.isEmpty() ? "" : "'" + path + "' ") + message + given;
        }
    }
}
