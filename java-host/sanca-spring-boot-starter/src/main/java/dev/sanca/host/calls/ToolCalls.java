package dev.sanca.host.calls;

/** Everything the engine may do with tools, text in and text out. Safe for use by many threads. */
public interface ToolCalls {
    /**
     * Runs a tool once for its call id.
     *
     * @param argumentsJson an object of named arguments
     * @param contextJson a call context in snake case
     * @return the envelope of contracts section 3; a failure is an envelope too, never an exception
     */
    String call(String toolkit, String tool, String argumentsJson, String contextJson);

    /** All toolkits with their tools and schemas. */
    String describe();

    /** Interrupts a call; answers like {@link #status}. */
    String cancel(String callId);

    /** {@code {"call_id":…,"state":"running|done|cancelled|unknown"}}, with the outcome when it is known. */
    String status(String callId);
}
