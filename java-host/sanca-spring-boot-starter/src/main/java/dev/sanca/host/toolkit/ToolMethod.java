package dev.sanca.host.toolkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a method of a {@link ToolkitComponent} a tool. Parameters bind by name; a parameter of type {@link CallContext}
 * is filled in by the host and not seen by actions. Overloads of one method are one tool: the arguments choose.
 *
 * <p>A {@link java.util.stream.Stream}, {@link java.util.Iterator}, {@link java.io.InputStream}, {@link java.io.Reader} or
 * reactive stream it returns is read piece by piece while the action asks for more, and closed with the run; a
 * {@link java.util.concurrent.CompletionStage} or reactive single value is waited for within {@link #timeoutSeconds}.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface ToolMethod {
    /** The tool's name; empty: the method's name in snake case. */
    String name() default "";

    /** What it does and returns, for a model; empty: what the method's javadoc says. */
    String description() default "";

    Effect effect() default Effect.READ;

    /** Whether doing it twice is the same as doing it once. */
    boolean idempotent() default false;

    Approval approval() default Approval.AUTO;

    Interaction interaction() default Interaction.NONE;

    /** The portal right a caller needs, for instance {@code system:operate}; empty: none. */
    String right() default "";

    /** After this many seconds the call's thread is interrupted. */
    double timeoutSeconds() default 30;

    /** How to take it back, in words for the approval card; empty: it cannot be taken back. */
    String undo() default "";

    /** The tool to offer when this one keeps failing, {@code tool} of this toolkit or {@code toolkit.tool}; empty: none. */
    String alternative() default "";

    /**
     * What shows that it had its effect: a comparison in Python's words over reads of this toolkit, the arguments and the
     * {@code result}, as {@code config(service).values[key] == value}; empty: it cannot be read again. The engine reads it
     * before it believes that something was done.
     */
    String verifiedBy() default "";
}
