package dev.sanca.host.toolkit;

import java.lang.reflect.RecordComponent;
import java.lang.reflect.TypeVariable;
import org.jspecify.annotations.Nullable;

/** What the components of a record say of themselves. */
final class RecordComponents {
    private static final ClassValue<boolean[]> REQUIRED = new ClassValue<>() {
        @Override
        protected boolean[] computeValue(Class<?> type) {
            RecordComponent[] components = type.getRecordComponents();
            boolean[] required = new boolean[components.length];
            for (int i = 0; i < components.length; i++) {
                required[i] = isRequired(components[i]);
            }
            return required;
        }
    };

    private RecordComponents() {}

    /** Whether the n-th component must be given; false also for a constructor that is not the canonical one. */
    static boolean isRequired(Class<?> type, int index) {
        boolean[] required = REQUIRED.get(type);
        return index < required.length && required[index];
    }

    private static boolean isRequired(RecordComponent component) {
        ToolParameter said = said(component);
        return !(component.getGenericType() instanceof TypeVariable<?>) // may stand for one that can be null
                && !ToolArgument.hasDefault(said)
                && !ToolArgument.isOptional(
                        component,
                        component.getType(),
                        component.getAnnotatedType().getAnnotations(),
                        said);
    }

    static @Nullable ToolParameter said(RecordComponent component) {
        return component.getAnnotation(ToolParameter.class);
    }
}
