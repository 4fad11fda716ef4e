package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.ToolArgumentException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Reads call contexts. Those of one run differ in the call id only, so that the rest of the text is read once. */
final class CallContexts {
    private static final int KEPT = 512;
    private static final int LONGEST_CHARS = 4_096;
    private static final String ID = "\"call_id\":\"";
    private final ConcurrentMap<String, CallContext> known = new ConcurrentHashMap<>();

    /**
     * Reads one.
     *
     * @throws ToolArgumentException when it is none, or its call id is not one of its run
     */
    CallContext read(String json) {
        CallContext context = quicklyRead(json);
        if (isBlank(context.callId()) || isBlank(context.runId())) {
            throw new ToolArgumentException(null, "A call context needs call_id and run_id.");
        }
        if (!isOfItsRun(context)) { // or a run could read what another was answered
            throw new ToolArgumentException(
                    null, "The call id " + context.callId() + " is not one of run " + context.runId() + ".");
        }
        return context;
    }

    private CallContext quicklyRead(String json) {
        int begin = json.indexOf(ID) + ID.length();
        int end = json.indexOf('"', begin);
        String callId = begin < ID.length() || end < 0 ? "\\" : json.substring(begin, end);
        if (callId.indexOf('\\') >= 0 || json.length() > LONGEST_CHARS) {
            return parsed(json);
        }
        String rest = json.substring(0, begin).concat(json.substring(end));
        CallContext same = known.get(rest);
        if (same != null) {
            return same.callId().equals(callId) ? same : same.withCallId(callId);
        }
        CallContext context = parsed(json);
        boolean isOnlyOne = rest.indexOf(ID) == rest.lastIndexOf(ID);
        if (isOnlyOne && callId.equals(context.callId())) { // so it is the call id in every text that is else the same
            keep(rest, context);
        }
        return context;
    }

    private void keep(String rest, CallContext context) {
        if (known.size() >= KEPT) {
            known.clear();
        }
        known.put(rest, context);
    }

    private static CallContext parsed(String json) {
        CallContext context;
        try {
            context = HostJson.LENIENT.readValue(json, CallContext.class);
        } catch (JacksonException error) {
            throw new ToolArgumentException(
                    null, "The call context is not what it must be: " + error.getOriginalMessage() + ".");
        }
        if (context == null) {
            throw new ToolArgumentException(null, "A call context needs call_id and run_id.");
        }
        return context;
    }

    private static boolean isOfItsRun(CallContext context) {
        String run = context.runId();
        String id = context.callId();
        return id.length() > run.length() && id.charAt(run.length()) == '/' && id.startsWith(run);
    }

    private static boolean isBlank(@Nullable String text) {
        return text == null || text.isBlank();
    }
}
