package dev.sanca.host.toolkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says more about a parameter of a {@link ToolMethod}, or about a component of a record used as one. Optional too are
 * parameters of type {@link java.util.Optional} and those annotated {@code @Nullable}.
 */
@Documented
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT, ElementType.FIELD})
@Retention(RetentionPolicy.RUNTIME)
public @interface ToolParameter {
    /** The name in actions; empty: the parameter's name in snake case. */
    String name() default "";

    /** What it means, for a model; empty: what the javadoc says. */
    String description() default "";

    /** Whether it must be given. One with a default value need not. */
    boolean required() default true;

    /** Used when the argument is missing: JSON ({@code 15}, {@code true}, {@code []}) or, where that does not parse, plain text. */
    String defaultValue() default NONE;

    /** Stands for: no default value. */
    String NONE = "\u0000";
}
