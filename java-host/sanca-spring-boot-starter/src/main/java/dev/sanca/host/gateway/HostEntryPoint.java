package dev.sanca.host.gateway;

import dev.sanca.host.calls.ToolCalls;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that Python sees of the host: four methods, text in and text out. */
final class HostEntryPoint {
    private static final int CALL_ARGUMENTS = 4;
    private final ToolCalls calls;

    HostEntryPoint(ToolCalls calls) {
        this.calls = calls;
    }

    /** Calls a method by name; null when there is none of that name with so many arguments. */
    @Nullable String invoke(String method, List<String> arguments) {
        if (method.equals("call") && arguments.size() > CALL_ARGUMENTS && arguments.size() % 2 == 0) {
            return call(arguments);
        }
        return switch (method + "/" + arguments.size()) {
            case "call/4" -> calls.call(arguments.get(0), arguments.get(1), arguments.get(2), arguments.get(3));
            case "describe/0" -> calls.describe();
            case "cancel/1" -> calls.cancel(arguments.get(0));
            case "status/1" -> calls.status(arguments.get(0));
            default -> null;
        };
    }

    /** A call with long texts beside its JSON: pairs of name and text after the four arguments. */
    private String call(List<String> arguments) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (int i = CALL_ARGUMENTS; i < arguments.size(); i += 2) {
            texts.put(arguments.get(i), arguments.get(i + 1));
        }
        return calls.call(arguments.get(0), arguments.get(1), arguments.get(2), arguments.get(3), texts);
    }
}
