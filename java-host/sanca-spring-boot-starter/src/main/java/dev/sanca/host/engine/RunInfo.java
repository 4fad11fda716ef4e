package dev.sanca.host.engine;

import java.util.List;

/** The summary of a run. */
public record RunInfo(
        String runId,
        String sessionId,
        String status,
        String message,
        String answer,
        double seconds,
        int calls,
        int rounds,
        List<UsageInfo> usage,
        String startedAt,
        String error,
        List<String> cardsJson,
        String skill) {

    /** Tokens and cost of one model. */
    public record UsageInfo(
            String model,
            long inputTokens,
            long outputTokens,
            long reasoningTokens,
            long cachedTokens,
            double cost,
            String currency) {}
}
