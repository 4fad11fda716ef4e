package dev.sanca.host.toolkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils;
import tools.jackson.databind.JsonNode;

/** The toolkit behind a {@link ToolkitComponent} bean. Its schemas are made when they are first asked for. */
final class AnnotatedToolkit implements Toolkit {
    private final Object bean;
    private final ToolkitComponent annotation;
    private final Class<?> type;
    private final ArgumentChecks checks;
    private final Map<String, AnnotatedTool> tools = new LinkedHashMap<>();

    AnnotatedToolkit(Object bean) {
        this(bean, ArgumentChecks.NONE);
    }

    /**
     * Reads the methods.
     *
     * @param bean an object whose class has {@link ToolkitComponent}; may be a Spring proxy
     * @param checks what bound values must pass before a method sees them
     */
    AnnotatedToolkit(Object bean, ArgumentChecks checks) {
        this.bean = bean;
        this.checks = checks;
        this.type = AopUtils.getTargetClass(bean);
        ToolkitComponent found = AnnotatedElementUtils.findMergedAnnotation(type, ToolkitComponent.class);
        if (found == null) {
            throw new IllegalArgumentException(type.getName() + " has no @ToolkitComponent.");
        }
        this.annotation = found;
        overloads().forEach((name, methods) -> tools.put(name, AnnotatedTool.of(name(), name, methods)));
    }

    @Override
    public String name() {
        return annotation.name();
    }

    @Override
    public ToolkitDefinition definition() {
        JsonSchemas schemas = new JsonSchemas();
        List<ToolDefinition> definitions =
                tools.values().stream().map(tool -> tool.definition(schemas)).toList();
        String description = annotation.description();
        return new ToolkitDefinition(
                annotation.name(), description.isEmpty() ? Javadocs.of(type).type() : description, definitions);
    }

    @Override
    public @Nullable Object call(String tool, JsonNode arguments, CallContext context) throws Exception {
        AnnotatedTool found = tools.get(tool);
        if (found == null) {
            List<String> near = NearNames.of(tool, tools.keySet());
            throw new ToolNotFoundException(
                    "The toolkit '" + name() + "' has no tool '" + tool + "'." + NearNames.hint(near), near);
        }
        AnnotatedTool.Bound bound = found.bind(arguments, context);
        checks.check(bean, name() + "." + tool, bound);
        return bound.overload().typed(invoke(bound.overload().invocable(), bound.values()));
    }

    private @Nullable Object invoke(Method method, @Nullable Object[] values) throws Exception {
        try {
            return method.invoke(bean, values);
        } catch (InvocationTargetException error) {
            Throwable cause = error.getCause();
            if (cause instanceof Exception exception) {
                throw exception;
            }
            if (cause instanceof Error fatal) {
                throw fatal;
            }
            throw new UndeclaredThrowableException(cause);
        }
    }

    private Map<String, List<AnnotatedTool.Overload>> overloads() {
        Map<String, List<AnnotatedTool.Overload>> found = new TreeMap<>();
        Map<Method, ToolMethod> methods =
                MethodIntrospector.selectMethods(type, (MethodIntrospector.MetadataLookup<ToolMethod>)
                        method -> AnnotatedElementUtils.findMergedAnnotation(method, ToolMethod.class));
        methods.forEach((method, said) -> {
            Method invocable = AopUtils.selectInvocableMethod(method, bean.getClass());
            ReflectionUtils.makeAccessible(invocable);
            found.computeIfAbsent(AnnotatedTool.nameOf(method, said), name -> new ArrayList<>())
                    .add(AnnotatedTool.Overload.of(annotation.name(), type, invocable, method, said));
        });
        return found;
    }
}
