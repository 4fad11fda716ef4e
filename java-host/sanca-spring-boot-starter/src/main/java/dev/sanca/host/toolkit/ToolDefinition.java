package dev.sanca.host.toolkit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.annotation.JsonNaming;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * One callable of a toolkit.
 *
 * @param inputSchema JSON Schema of an object; the order of its properties is the order of positional arguments
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ToolDefinition(
        String name,
        String description,
        Effect effect,
        boolean idempotent,
        Approval approval,
        Interaction interaction,
        String right,
        double timeoutSeconds,
        @Nullable String undo,
        JsonNode inputSchema,
        JsonNode outputSchema) {

    /** A read that needs no right, with the schema of its arguments. */
    public static ToolDefinition read(String name, String description, JsonNode inputSchema) {
        return new ToolDefinition(
                name,
                description,
                Effect.READ,
                true,
                Approval.AUTO,
                Interaction.NONE,
                "",
                30,
                null,
                inputSchema,
                JsonNodeFactory.instance.objectNode());
    }

    /** Whether a person must agree before it runs. */
    public boolean needsApproval() {
        return approval == Approval.ALWAYS || (approval == Approval.AUTO && effect != Effect.READ);
    }

    /** The same tool that waits for a person's answer to its card. */
    public ToolDefinition withInteraction(Interaction kind) {
        return new ToolDefinition(
                name,
                description,
                effect,
                idempotent,
                approval,
                kind,
                right,
                timeoutSeconds,
                undo,
                inputSchema,
                outputSchema);
    }
}
