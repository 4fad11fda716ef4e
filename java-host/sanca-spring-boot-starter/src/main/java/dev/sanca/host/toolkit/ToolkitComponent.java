package dev.sanca.host.toolkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.stereotype.Component;

/** Marks a Spring bean as a toolkit: its {@link ToolMethod} methods become tools that actions call as {@code name.tool(…)}. */
@Documented
@Component
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface ToolkitComponent {
    /** The name in actions: lower case letters, digits and underscores; dots nest. */
    String name();

    /** What the toolkit is for, in one or two sentences that a model reads; empty: what the class's javadoc says. */
    String description() default "";
}
