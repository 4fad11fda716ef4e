package dev.sanca.host.toolkit.springai;

import dev.sanca.host.toolkit.ToolkitComponent;
import java.util.Arrays;
import java.util.stream.Stream;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.method.MethodToolCallbackProvider;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.ClassUtils;

/** Finds the beans that have methods with Spring AI's {@link Tool}. Looks at classes; makes only the beans it wants. */
final class AnnotatedBeans {
    private final ConfigurableListableBeanFactory beans;

    AnnotatedBeans(ConfigurableListableBeanFactory beans) {
        this.beans = beans;
    }

    /** A callback for each such method. */
    Stream<ToolCallback> callbacks() {
        return Arrays.stream(beans.getBeanNamesForType(Object.class, false, false))
                .filter(this::hasTools)
                .map(beans::getBean)
                .flatMap(bean -> Arrays.stream(MethodToolCallbackProvider.builder()
                        .toolObjects(bean)
                        .build()
                        .getToolCallbacks()));
    }

    private boolean hasTools(String name) {
        Class<?> declared = beans.getType(name, false);
        if (declared == null || declared.getName().startsWith("org.springframework.")) {
            return false;
        }
        Class<?> type = ClassUtils.getUserClass(declared);
        return AnnotationUtils.isCandidateClass(type, Tool.class)
                && !AnnotatedElementUtils.hasAnnotation(type, ToolkitComponent.class)
                && !MethodIntrospector.selectMethods(type, (MethodIntrospector.MetadataLookup<Tool>)
                                method -> AnnotatedElementUtils.findMergedAnnotation(
                                        AopUtils.getMostSpecificMethod(method, type), Tool.class))
                        .isEmpty();
    }
}
