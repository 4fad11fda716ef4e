package dev.sanca.host.gateway;

import dev.sanca.host.calls.ToolCalls;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All that Python sees of the host: four methods, text in and text out. */
final class HostEntryPoint {
    private final ToolCalls calls;

    HostEntryPoint(ToolCalls calls) {
        this.calls = calls;
    }

    /** Calls a method by name; null when there is none of that name with so many arguments. */
    @Nullable String invoke(String method, List<String> arguments) {
        return switch (method + "/" + arguments.size()) {
            case "call/4" -> calls.call(arguments.get(0), arguments.get(1), arguments.get(2), arguments.get(3));
            case "describe/0" -> calls.describe();
            case "cancel/1" -> calls.cancel(arguments.get(0));
            case "status/1" -> calls.status(arguments.get(0));
            default -> null;
        };
    }
}
