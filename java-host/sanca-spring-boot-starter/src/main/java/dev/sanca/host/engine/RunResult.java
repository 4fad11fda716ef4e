package dev.sanca.host.engine;

import tools.jackson.databind.JsonNode;

/**
 * How an AG-UI run ended.
 *
 * @param status {@code done}, {@code needs_input}, {@code cancelled} or {@code failed}
 * @param answer the answer's text, or the error's sentence
 * @param details {@code result} of RUN_FINISHED, or the outcome with its interrupts
 */
public record RunResult(String runId, String status, String answer, JsonNode details) {}
