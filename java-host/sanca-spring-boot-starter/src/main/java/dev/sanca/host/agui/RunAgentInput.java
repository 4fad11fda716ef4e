package dev.sanca.host.agui;

import dev.sanca.host.HostJson;
import dev.sanca.host.engine.RunInput;
import dev.sanca.host.engine.RunRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** What AG-UI's {@code RunAgentInput} says, as far as we read it. */
final class RunAgentInput {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}");
    private final JsonNode body;
    private final JsonNode forwarded;

    private RunAgentInput(JsonNode body) {
        this.body = body;
        this.forwarded = either("forwardedProps", "forwarded_props");
    }

    static RunAgentInput parse(byte[] bytes) {
        try {
            JsonNode body = HostJson.LENIENT.readTree(bytes);
            if (!body.isObject()) {
                throw new BadInputException("The body must be a JSON object (AG-UI RunAgentInput).");
            }
            RunAgentInput input = new RunAgentInput(body);
            input.threadId();
            return input;
        } catch (JacksonException error) {
            throw new BadInputException("The body is not JSON: " + error.getOriginalMessage() + ".");
        }
    }

    String threadId() {
        return checkId("threadId", either("threadId", "thread_id").asString(""));
    }

    String runId() {
        String id = either("runId", "run_id").asString("");
        return id.isEmpty() ? "" : checkId("runId", id);
    }

    /** Clients in other languages than the page's spell names as theirs does. */
    private JsonNode either(String camelCase, String snakeCase) {
        JsonNode found = body.path(camelCase);
        return found.isMissingNode() ? body.path(snakeCase) : found;
    }

    String language(String fallback) {
        String said = forwarded.path("language").asString("");
        return said.isEmpty() ? fallback : said;
    }

    Optional<Answer> answer() {
        JsonNode first = body.path("resume").path(0);
        if (!first.isObject()) {
            return Optional.empty();
        }
        String id = first.path("interruptId").asString("");
        boolean resolved = first.path("status").asString("").equals("resolved");
        return Optional.of(new Answer(
                id.isEmpty() ? first.path("interrupt_id").asString("") : id, resolved, first.path("payload")));
    }

    RunInput input(int maxChars) {
        String code = forwarded.path("actionCode").asString("");
        if (!code.isEmpty()) {
            return new RunInput.Action(limited("action", code, maxChars));
        }
        String goOn = forwarded.path("continueRunId").asString("");
        if (!goOn.isEmpty()) {
            return new RunInput.Continue(checkId("continueRunId", goOn));
        }
        JsonNode click = forwarded.path("a2uiAction").path("userAction");
        if (click.isObject()) {
            JsonNode context = click.path("context");
            return new RunInput.Click(
                    click.path("surfaceId").asString(""),
                    click.path("name").asString(""),
                    limited("click", context.isMissingNode() ? "{}" : context.toString(), maxChars));
        }
        String text = text(userMessage().path("content"));
        if (text.isBlank()) {
            throw new BadInputException("There is no message: write one, or send an action or an answer.");
        }
        return new RunInput.Message(limited("message", text, maxChars));
    }

    String messageId() {
        return userMessage().path("id").asString("");
    }

    String replacesMessageId() {
        return forwarded.path("replacesMessageId").asString("");
    }

    List<String> fileIds() {
        List<String> ids = new ArrayList<>();
        forwarded.path("fileIds").forEach(id -> ids.add(checkId("fileIds", id.asString(""))));
        return ids;
    }

    RunRequest.Page page() {
        JsonNode page = forwarded.path("page");
        return new RunRequest.Page(
                page.path("url").asString(""),
                page.path("title").asString(""),
                page.path("selection").asString(""),
                page.path("timeZone").asString(""),
                page.path("takesCommands").asBoolean(false));
    }

    /** The last message, if it is a user's. */
    private JsonNode userMessage() {
        JsonNode messages = body.path("messages");
        JsonNode last = messages.isEmpty() ? MissingNode.getInstance() : messages.get(messages.size() - 1);
        return last.path("role").asString("").equals("user") ? last : MissingNode.getInstance();
    }

    private static String text(JsonNode content) {
        if (content.isString()) {
            return content.asString();
        }
        StringBuilder text = new StringBuilder();
        content.forEach(part -> text.append(part.path("text").asString("")));
        return text.toString();
    }

    private static String limited(String what, String text, int maxChars) {
        if (text.length() > maxChars) {
            throw new BadInputException("The " + what + " has " + text.length() + " characters; at most " + maxChars
                    + " are taken: shorten it, or attach it as a file.");
        }
        return text;
    }

    static String checkId(String name, String id) {
        if (!ID.matcher(id).matches()) {
            throw new BadInputException(
                    name + " must be 1 to 128 letters, digits, or one of _ . : - and begin with a letter or digit.");
        }
        return id;
    }

    /** A person's answer to an interrupt. */
    record Answer(String interruptId, boolean resolved, JsonNode payload) {

        /**
         * Whether the person agrees, or answered at all.
         *
         * @param approves whether the interrupt asks for an approval: that has to be said, a value alone says nothing
         */
        boolean agrees(boolean approves) {
            JsonNode said = payload.isBoolean() ? payload : payload.path("approved");
            if (resolved && approves && !said.isBoolean()) {
                throw new BadInputException(
                        "The answer has to say {\"approved\": true} or {\"approved\": false} in its payload.");
            }
            return resolved && said.asBoolean(true);
        }

        String reason() {
            return payload.path("reason").asString("");
        }

        /** A form's or question's value: what is named so, else the fields themselves; empty: none. */
        String valueJson() {
            if (payload.has("value") || payload.has("approved")) {
                JsonNode value = payload.path("value");
                return value.isMissingNode() || value.isNull() ? "" : value.toString();
            }
            return payload.isObject() && !payload.isEmpty() ? payload.toString() : "";
        }
    }
}
