package dev.sanca.host.toolkit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.annotation.JsonNaming;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * One callable of a toolkit.
 *
 * @param undo how to take it back, in words; null: it cannot be
 * @param alternative the tool to offer when this one keeps failing: {@code tool} or {@code toolkit.tool}
 * @param verifiedBy what shows that it had its effect, see {@link ToolMethod#verifiedBy}
 * @param inputSchema JSON Schema of an object; the order of its properties is the order of positional arguments
 * @param overloads the ways to call it, when there are several
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
        @Nullable String alternative,
        @Nullable String verifiedBy,
        JsonNode inputSchema,
        JsonNode outputSchema,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Overload> overloads) {

    public ToolDefinition {
        overloads = List.copyOf(overloads);
    }

    /** A tool that is called in one way and has no other to take its place. */
    public ToolDefinition(
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
        this(
                name,
                description,
                effect,
                idempotent,
                approval,
                interaction,
                right,
                timeoutSeconds,
                undo,
                null,
                null,
                inputSchema,
                outputSchema,
                List.of());
    }

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

    /** Whether running it twice does no harm. */
    public boolean mayRunTwice() {
        return effect == Effect.READ || idempotent;
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
                alternative,
                verifiedBy,
                inputSchema,
                outputSchema,
                overloads);
    }

    /** One of several ways to call a tool; {@code inputSchema} of the tool itself then takes what any of them takes. */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Overload(String description, JsonNode inputSchema, JsonNode outputSchema) {}
}
