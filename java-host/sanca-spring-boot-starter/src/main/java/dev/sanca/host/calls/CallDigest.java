package dev.sanca.host.calls;

import dev.sanca.host.access.Digests;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The digest of a call, made when it is first asked for: of megabytes of arguments it costs more than the call. */
final class CallDigest {
    private final String toolkit;
    private final String tool;
    private final String argumentsJson;
    private final Map<String, String> texts;
    private @Nullable String text;

    CallDigest(String toolkit, String tool, String argumentsJson, Map<String, String> texts) {
        this.toolkit = toolkit;
        this.tool = tool;
        this.argumentsJson = argumentsJson;
        this.texts = texts;
    }

    synchronized String text() {
        String known = text;
        if (known == null) {
            known = Digests.ofCall(toolkit, tool, LongTexts.joined(argumentsJson, texts));
            text = known;
        }
        return known;
    }

    /** How long the arguments are. */
    int argumentChars() {
        return argumentsJson.length()
                + texts.values().stream().mapToInt(String::length).sum();
    }
}
