package dev.sanca.host.toolkit.card;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.sanca.host.toolkit.ToolParameter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One input of a form. */
record FormField(
        @ToolParameter(description = "The value's name.") String name,

        @ToolParameter(description = "What the person reads.", required = false)
        String label,

        @ToolParameter(required = false) Type type,

        @ToolParameter(description = "For choice: what can be chosen.", required = false)
        List<String> choices,

        @ToolParameter(required = false) @Nullable Boolean required,

        @ToolParameter(name = "default", required = false) @JsonProperty("default") @Nullable JsonNode defaultValue) {

    FormField {
        label = label == null ? "" : label;
        type = type == null ? Type.TEXT : type;
        required = required != null && required;
        choices = choices == null ? List.of() : List.copyOf(choices);
    }

    /** What is typed in. */
    enum Type {
        TEXT,
        NUMBER,
        CHOICE,
        BOOLEAN,
        DATE;

        @JsonValue
        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
