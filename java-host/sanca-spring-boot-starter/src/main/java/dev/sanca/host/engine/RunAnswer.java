package dev.sanca.host.engine;

/**
 * A person's answer to an interrupt.
 *
 * @param approved for forms and questions: answered or dismissed
 * @param valueJson a form's values; empty: none
 */
public record RunAnswer(
        Caller caller, String interruptId, boolean approved, String reason, String valueJson, String aguiRunId) {}
