package dev.sanca.host.calls;

import dev.sanca.host.access.Digests;
import org.jspecify.annotations.Nullable;

/** The digest of a call, made when it is first asked for: of megabytes of arguments it costs more than the call. */
final class CallDigest {
    private final String toolkit;
    private final String tool;
    private final String argumentsJson;
    private @Nullable String text;

    CallDigest(String toolkit, String tool, String argumentsJson) {
        this.toolkit = toolkit;
        this.tool = tool;
        this.argumentsJson = argumentsJson;
    }

    synchronized String text() {
        String known = text;
        if (known == null) {
            known = Digests.ofCall(toolkit, tool, argumentsJson);
            text = known;
        }
        return known;
    }

    /** How long the arguments are. */
    int argumentChars() {
        return argumentsJson.length();
    }
}
