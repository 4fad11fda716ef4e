package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The answer of a call as text. */
final class CallEnvelope {
    private static final String VALUE = "{\"ok\":true,\"value\":";
    private static final String FIRST = ",\"replayed\":false}";
    private static final String AGAIN = ",\"replayed\":true}";

    /** The answer to a call that was cancelled before it began. */
    static final String NEVER_BEGAN = failure("cancelled", "The call was stopped before it began; nothing was done.");

    private static final Set<String> KINDS = Set.of(
            "argument",
            "not_found",
            "denied",
            "approval_required",
            "failed",
            "timeout",
            "cancelled",
            "unknown",
            "conflict",
            "unavailable");

    /** What comes before a text that is answered as it is; no other envelope begins so. */
    private static final String TEXT = "{\"ok\":true,\"text\":true,\"replayed\":false}\n";

    private CallEnvelope() {}

    /** A value that is written already. */
    static String written(String json) {
        return VALUE + json + FIRST;
    }

    /** A text as it is, after the envelope. */
    static String text(String text) {
        return TEXT + text;
    }

    static boolean isText(String envelope) {
        return envelope.startsWith(TEXT);
    }

    /** The piece of a result that is read piece by piece. */
    static String page(PageAnswer page) {
        return VALUE + page.piece().json() + ",\"page\":" + page.page() + FIRST;
    }

    static String tooLarge(long maxChars) {
        return failure(
                "failed",
                "The tool's result is larger than the " + maxChars
                        + " characters that may cross: ask for less, with a filter or a limit.");
    }

    static String failure(String kind, String message) {
        return write(new Failure(kind, message, null, List.of(), null, List.of(), false));
    }

    static String failure(ToolException error) {
        return write(new Failure(
                kind(error), sentence(error), error.argument(), error.near(), null, List.of(), error.retryable()));
    }

    /** A tool threw something that is no {@link ToolException}. */
    static String failure(Throwable error) {
        return write(new Failure(
                "failed", sentence(error), null, List.of(), error.getClass().getName(), ErrorFrames.of(error), false));
    }

    /** The stored answer, marked as given before. */
    static String replayed(String envelope) {
        return envelope.endsWith(FIRST) && !isText(envelope)
                ? envelope.substring(0, envelope.length() - FIRST.length()) + AGAIN
                : envelope;
    }

    /** {@code ok} or the kind of the error, read from the text. */
    static String outcome(String envelope) {
        return envelope.startsWith(VALUE) || isText(envelope)
                ? "ok"
                : HostJson.MAPPER.readTree(envelope).path("error").path("kind").asString("failed");
    }

    /** The error's kind if the contract has it: whoever reads it, and every meter, knows only those. */
    static String kind(ToolException error) {
        return KINDS.contains(error.kind()) ? error.kind() : "failed";
    }

    /** Whether it is a failure after which the same call may succeed. */
    static boolean isRetryable(String envelope) {
        return !envelope.startsWith(VALUE)
                && HostJson.MAPPER
                        .readTree(envelope)
                        .path("error")
                        .path("retryable")
                        .asBoolean(false);
    }

    private static String sentence(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
    }

    private static String write(Failure error) {
        return "{\"ok\":false,\"error\":" + HostJson.MAPPER.writeValueAsString(error) + FIRST;
    }

    private record Failure(
            String kind,
            String message,
            @Nullable String argument,
            List<String> near,
            @Nullable String javaClass,
            List<String> stack,
            boolean retryable) {}
}
