package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolJson;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Arguments that are long texts and come beside the JSON of the others: to quote and to read them costs most of a call. */
final class LongTexts {
    private LongTexts() {}

    /** All arguments of a call. */
    static JsonNode tree(String argumentsJson, Map<String, String> texts) {
        JsonNode arguments = tree(argumentsJson);
        if (texts.isEmpty()) {
            return arguments;
        }
        if (!(arguments instanceof ObjectNode object)) {
            throw new ToolArgumentException(null, "Arguments that come beside the others need an object of these.");
        }
        texts.forEach(object::put);
        return object;
    }

    /** The JSON of all arguments of a call. */
    static String joined(String argumentsJson, Map<String, String> texts) {
        return texts.isEmpty() ? argumentsJson : HostJson.MAPPER.writeValueAsString(tree(argumentsJson, texts));
    }

    private static JsonNode tree(String argumentsJson) {
        try {
            return ToolJson.tree(argumentsJson);
        } catch (JacksonException error) {
            throw new ToolArgumentException(null, "The arguments are not JSON: " + error.getOriginalMessage() + ".");
        }
    }
}
