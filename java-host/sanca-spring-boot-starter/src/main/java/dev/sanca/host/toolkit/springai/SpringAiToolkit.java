package dev.sanca.host.toolkit.springai;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.Interaction;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolNotFoundException;
import dev.sanca.host.toolkit.Toolkit;
import dev.sanca.host.toolkit.ToolkitDefinition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.ai.tool.ToolCallback;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The portal's Spring AI tools as the toolkit {@code portal_tools}. Spring AI does not say what a tool does to the world, so
 * each counts as a write, which asks a person first.
 */
final class SpringAiToolkit implements Toolkit {
    private static final double TIMEOUT_SECONDS = 60;
    private final Map<String, ToolCallback> callbacks = new LinkedHashMap<>();

    SpringAiToolkit(List<ToolCallback> callbacks) {
        callbacks.forEach(callback -> this.callbacks.put(
                HostJson.snakeCase(callback.getToolDefinition().name()), callback));
    }

    @Override
    public String name() {
        return "portal_tools";
    }

    @Override
    public ToolkitDefinition definition() {
        List<ToolDefinition> tools = callbacks.entrySet().stream()
                .map(entry -> definition(entry.getKey(), entry.getValue()))
                .toList();
        return new ToolkitDefinition(name(), "Tools that this portal offers through Spring AI.", tools);
    }

    @Override
    public JsonNode call(String tool, JsonNode arguments, CallContext context) {
        ToolCallback callback = callbacks.get(tool);
        if (callback == null) {
            throw new ToolNotFoundException("There is no tool '" + tool + "'.", List.of());
        }
        String result = callback.call(arguments.toString());
        try {
            return HostJson.MAPPER.readTree(result);
        } catch (JacksonException plainText) {
            return HostJson.MAPPER.getNodeFactory().stringNode(result);
        }
    }

    private static ToolDefinition definition(String name, ToolCallback callback) {
        return new ToolDefinition(
                name,
                callback.getToolDefinition().description(),
                Effect.WRITE,
                false,
                Approval.AUTO,
                Interaction.NONE,
                "",
                TIMEOUT_SECONDS,
                null,
                HostJson.MAPPER.readTree(callback.getToolDefinition().inputSchema()),
                HostJson.MAPPER.createObjectNode());
    }
}
