package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What the host says of a call id: the answers to {@code cancel} and {@code status}. */
final class CallStates {
    private CallStates() {}

    static String running(String callId) {
        return state(callId, "running").toString();
    }

    /** An id that nobody has asked for anything under. */
    static String never(String callId) {
        return state(callId, "unknown").put("begun", false).toString();
    }

    /** An id that is in the record; without an envelope it began and never ended. */
    static String of(String callId, @Nullable String envelope) {
        if (envelope == null) {
            return state(callId, "unknown").put("begun", true).toString();
        }
        String state = switch (CallEnvelope.outcome(envelope)) {
            case "cancelled" -> "cancelled";
            case "unknown" -> "unknown";
            default -> "done";
        };
        ObjectNode node = state(callId, state);
        if (state.equals("unknown")) {
            node.put("begun", true);
        }
        node.set("outcome", HostJson.MAPPER.readTree(envelope));
        return node.toString();
    }

    private static ObjectNode state(String callId, String state) {
        return HostJson.MAPPER.createObjectNode().put("call_id", callId).put("state", state);
    }
}
