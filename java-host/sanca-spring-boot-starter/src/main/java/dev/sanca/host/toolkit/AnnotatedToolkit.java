package dev.sanca.host.toolkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final Map<String, AnnotatedTool> tools = new LinkedHashMap<>();

    /** @param bean an object whose class has {@link ToolkitComponent}; may be a Spring proxy */
    AnnotatedToolkit(Object bean) {
        this.bean = bean;
        Class<?> type = AopUtils.getTargetClass(bean);
        ToolkitComponent found = AnnotatedElementUtils.findMergedAnnotation(type, ToolkitComponent.class);
        if (found == null) {
            throw new IllegalArgumentException(type.getName() + " has no @ToolkitComponent.");
        }
        this.annotation = found;
        declared(type).forEach(this::add);
    }

    @Override
    public String name() {
        return annotation.name();
    }

    @Override
    public ToolkitDefinition definition() {
        JsonSchemas schemas = new JsonSchemas();
        List<ToolDefinition> definitions = tools.values().stream()
                .sorted(Comparator.comparing(AnnotatedTool::name)) // reflection has no order of its own
                .map(tool -> tool.definition(schemas))
                .toList();
        return new ToolkitDefinition(annotation.name(), annotation.description(), definitions);
    }

    @Override
    public @Nullable Object call(String tool, JsonNode arguments, CallContext context) throws Exception {
        AnnotatedTool found = tools.get(tool);
        if (found == null) {
            List<String> near = NearNames.of(tool, tools.keySet());
            throw new ToolNotFoundException(
                    "The toolkit '" + name() + "' has no tool '" + tool + "'." + NearNames.hint(near), near);
        }
        return invoke(found.method(), found.binder().bind(arguments, context));
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

    private void add(Method method, ToolMethod toolMethod) {
        Method invocable = AopUtils.selectInvocableMethod(method, bean.getClass());
        ReflectionUtils.makeAccessible(invocable);
        AnnotatedTool tool = AnnotatedTool.of(annotation.name(), invocable, method, toolMethod);
        if (tools.putIfAbsent(tool.name(), tool) != null) {
            throw new IllegalArgumentException("The toolkit '" + name() + "' has two tools named '" + tool.name()
                    + "': name one of them otherwise.");
        }
    }

    private static Map<Method, ToolMethod> declared(Class<?> type) {
        return MethodIntrospector.selectMethods(type, (MethodIntrospector.MetadataLookup<ToolMethod>)
                method -> AnnotatedElementUtils.findMergedAnnotation(method, ToolMethod.class));
    }
}
