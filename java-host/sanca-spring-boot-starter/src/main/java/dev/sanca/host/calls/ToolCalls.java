package dev.sanca.host.calls;

import java.util.Map;

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

    /**
     * The same for a call whose long texts come beside the JSON.
     *
     * @param texts further arguments by name
     */
    default String call(
            String toolkit, String tool, String argumentsJson, String contextJson, Map<String, String> texts) {
        return call(toolkit, tool, LongTexts.joined(argumentsJson, texts), contextJson);
    }

    /** All toolkits with their tools and schemas. */
    String describe();

    /** Interrupts a call; answers like {@link #status}. */
    String cancel(String callId);

    /** {@code {"call_id":…,"state":"running|done|cancelled|unknown"}}, with the outcome when it is known. */
    String status(String callId);
}
