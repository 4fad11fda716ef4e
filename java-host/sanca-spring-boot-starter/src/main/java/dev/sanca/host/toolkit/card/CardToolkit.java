package dev.sanca.host.toolkit.card;

import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.Interaction;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolParameter;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Shows cards. The same tools and cards as the engine has without a host. */
@ToolkitComponent(
        name = "card",
        description = "Show cards to the person: tables, charts, diffs, forms. Each call shows one card at once.")
class CardToolkit {
    private static final String HEADING = "A short heading.";

    @ToolMethod(description = "Show a text.", approval = Approval.NEVER)
    Map<String, Object> text(@ToolParameter(description = "Markdown.") String markdown, @Nullable String title) {
        Map<String, @Nullable Object> content = new LinkedHashMap<>();
        content.put("markdown", markdown);
        content.put("title", title);
        return card("text", null, content);
    }

    @ToolMethod(description = "Show names and values side by side.", approval = Approval.NEVER)
    Map<String, Object> facts(@ToolParameter(description = HEADING) String title, Map<String, JsonNode> items) {
        return card("facts", null, Map.of("title", title, "items", items));
    }

    @ToolMethod(description = "Show rows; without columns those of the first row are shown.", approval = Approval.NEVER)
    Map<String, Object> table(
            @ToolParameter(description = HEADING) String title,
            @ToolParameter(description = "Each an object, or a list of cells.") List<JsonNode> rows,
            @Nullable List<JsonNode> columns) {
        Map<String, @Nullable Object> content = new LinkedHashMap<>();
        content.put("title", title);
        content.put("rows", rows);
        content.put("columns", columns);
        return card("table", null, content);
    }

    @ToolMethod(
            description = "Show lines: name → values, or name → [x, y] pairs (x a number or an ISO 8601 time).",
            approval = Approval.NEVER)
    Map<String, Object> lineChart(
            @ToolParameter(description = HEADING) String title,
            Map<String, List<JsonNode>> series,
            @Nullable String unit) {
        if (series.isEmpty()) {
            throw new ToolArgumentException("series", "card.line_chart needs at least one series.");
        }
        Map<String, @Nullable Object> content = new LinkedHashMap<>();
        content.put("title", title);
        content.put("series", series);
        content.put("unit", unit);
        return card("line_chart", null, content);
    }

    @ToolMethod(description = "Show places to go to, and what for.", approval = Approval.NEVER)
    Map<String, Object> links(@ToolParameter(description = HEADING) String title, List<LinkItem> items) {
        if (items.isEmpty()) {
            throw new ToolArgumentException("items", "card.links needs at least one item.");
        }
        for (int place = 0; place < items.size(); place++) {
            items.get(place).check(place);
        }
        return card("links", null, Map.of("title", title, "items", items));
    }

    @ToolMethod(description = "Show a change of a file.", approval = Approval.NEVER)
    Map<String, Object> diff(
            @ToolParameter(description = HEADING) String title,
            @ToolParameter(description = "A unified diff.") String patch,
            @Nullable String path) {
        Map<String, @Nullable Object> content = new LinkedHashMap<>();
        content.put("title", title);
        content.put("patch", patch);
        content.put("path", path);
        return card("diff", null, content);
    }

    @ToolMethod(
            description = "Show how far something is; the same card_id again moves the same bar.",
            approval = Approval.NEVER)
    Map<String, Object> progress(
            @ToolParameter(description = HEADING) String title,
            double value,
            @ToolParameter(defaultValue = "1.0") double total,
            @Nullable String cardId) {
        return card("progress", cardId, Map.of("title", title, "value", value, "total", total));
    }

    @ToolMethod(
            description = "Ask the person for values and wait; returns them by field name.",
            approval = Approval.NEVER,
            interaction = Interaction.FORM)
    Map<String, Object> form(@ToolParameter(description = HEADING) String title, List<FormField> fields) {
        if (fields.isEmpty()) {
            throw new ToolArgumentException("fields", "card.form needs at least one field.");
        }
        return card("form", null, Map.of("title", title, "fields", fields));
    }

    @ToolMethod(
            description = "Ask the person to agree and wait; returns {approved, reason}.",
            approval = Approval.NEVER,
            interaction = Interaction.APPROVAL)
    Map<String, Object> approve(
            @ToolParameter(description = HEADING) String title,
            @ToolParameter(description = "Markdown.") String detail) {
        return card("approve", null, Map.of("title", title, "detail", detail));
    }

    private static Map<String, Object> card(
            String kind, @Nullable String cardId, Map<String, ? extends @Nullable Object> content) {
        Map<String, Object> card = new LinkedHashMap<>();
        card.put("kind", kind);
        card.put("surface_id", cardId != null ? cardId : "card_" + UUID.randomUUID());
        content.forEach((name, value) -> {
            if (value != null) {
                card.put(name, value);
            }
        });
        return Map.of("card", card);
    }
}
