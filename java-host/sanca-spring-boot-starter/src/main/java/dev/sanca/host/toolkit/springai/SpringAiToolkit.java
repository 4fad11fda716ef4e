package dev.sanca.host.toolkit.springai;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Interaction;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolJson;
import dev.sanca.host.toolkit.ToolNotFoundException;
import dev.sanca.host.toolkit.Toolkit;
import dev.sanca.host.toolkit.ToolkitDefinition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.ai.chat.model.ToolContext;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.execution.ToolExecutionException;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.ai.tool.method.MethodToolCallback;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The portal's Spring AI tools as the toolkit {@code portal_tools}. Spring AI does not say what a tool does to the world, so
 * each counts as a write, which asks a person first, unless {@code sanca.spring-ai.tools} says otherwise.
 */
final class SpringAiToolkit implements Toolkit {
    /** Where a tool finds the {@link CallContext} in its {@link ToolContext}. */
    static final String CONTEXT_KEY = "sanca.call";

    private static final Logger LOG = LoggerFactory.getLogger(SpringAiToolkit.class);
    private final SpringAiProperties properties;
    private final Map<String, ToolCallback> callbacks = new LinkedHashMap<>();

    SpringAiToolkit(List<ToolCallback> callbacks, SpringAiProperties properties) {
        this.properties = properties;
        for (ToolCallback callback : callbacks) {
            String name = pythonName(callback.getToolDefinition().name());
            if (this.callbacks.putIfAbsent(name, callback) != null) {
                LOG.debug("The Spring AI tool '{}' is there already; the first one stays.", name);
            }
        }
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
    public JsonNode call(String tool, JsonNode arguments, CallContext context) throws Exception {
        ToolCallback callback = callbacks.get(tool);
        if (callback == null) {
            throw new ToolNotFoundException("There is no tool '" + tool + "'.", List.of());
        }
        String result = call(callback, arguments.toString(), context);
        try {
            return ToolJson.tree(result);
        } catch (JacksonException plainText) {
            return HostJson.MAPPER.getNodeFactory().stringNode(result);
        }
    }

    /** The context goes to the portal's own code only: a callback for an outside server would send it there. */
    private static String call(ToolCallback callback, String input, CallContext context) throws Exception {
        try {
            return callback instanceof MethodToolCallback || callback instanceof FunctionToolCallback<?, ?>
                    ? callback.call(input, new ToolContext(Map.of(CONTEXT_KEY, context)))
                    : callback.call(input);
        } catch (ToolExecutionException error) {
            throw error.getCause() instanceof Exception cause ? cause : error;
        }
    }

    private ToolDefinition definition(String name, ToolCallback callback) {
        SpringAiProperties.Facts facts = properties.of(name);
        return new ToolDefinition(
                name,
                callback.getToolDefinition().description(),
                facts.effect(),
                facts.idempotent(),
                Approval.AUTO,
                Interaction.NONE,
                facts.right(),
                facts.timeoutSeconds(),
                facts.undo(),
                facts.alternative(),
                facts.verifiedBy(),
                HostJson.MAPPER.readTree(callback.getToolDefinition().inputSchema()),
                HostJson.MAPPER.createObjectNode(),
                List.of());
    }

    /** {@code openTicket}, {@code open-ticket} → {@code open_ticket}. */
    private static String pythonName(String name) {
        String plain = HostJson.snakeCase(name).replaceAll("[^a-z0-9_]+", "_");
        return plain.isEmpty() || Character.isDigit(plain.charAt(0)) ? "tool_" + plain : plain;
    }
}
