package dev.sanca.host.calls;

import dev.sanca.host.HostJson;
import dev.sanca.host.calls.Pieces.Limit;
import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.Interaction;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.ToolNotFoundException;
import dev.sanca.host.toolkit.ToolResult;
import dev.sanca.host.toolkit.Toolkit;
import dev.sanca.host.toolkit.ToolkitDefinition;
import dev.sanca.host.toolkit.ToolkitRegistry.RegisteredTool;
import java.io.StringReader;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;

/**
 * Results that are read piece by piece, each leased to its run: closed when it is read to its end, when the engine lets go
 * of it, when its run ends, or when nobody reads it for a while. The engine reads with the reserved toolkit
 * {@value #TOOLKIT}, which no description lists.
 */
public final class ResultPages implements AutoCloseable {
    static final String TOOLKIT = "sanca.results";
    private static final int LONG_TEXT_CHARS = 65_536;
    private static final long MOST_ITEMS = 10_000;
    private static final long FIRST_MILLIS = 10_000;
    private static final long REST_MILLIS = 500;
    private static final long LAST_PIECE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int LAST_PIECES_PER_RUN = 8;
    private static final double LONGEST_SECONDS = 3_600;
    private final ResultProperties properties;
    private final long maxAnswerChars;
    private final ConcurrentMap<String, OpenResult> open = new ConcurrentHashMap<>();
    private final Toolkit reserved = new Reserved();

    ResultPages(ResultProperties properties, CallProperties calls) {
        this.properties = properties;
        this.maxAnswerChars = calls.maxAnswer().toBytes();
    }

    /** One of the reserved tools. */
    RegisteredTool find(String tool) {
        return reserved.definition().tools().stream()
                .filter(each -> each.name().equals(tool))
                .findFirst()
                .map(each -> new RegisteredTool(reserved, each))
                .orElseThrow(() -> new ToolNotFoundException(
                        "The toolkit '" + TOOLKIT + "' has no tool '" + tool + "'.", List.of()));
    }

    /** Closes every result of a run: it ended, and nobody will read on. */
    public void release(String runId) {
        dropWhere(entry -> entry.runId().equals(runId));
    }

    /**
     * The envelope of what a tool returned: the value, or its first piece. Waits for what comes later.
     *
     * @param isRead whether nothing depends on the record of this answer
     */
    String envelope(@Nullable Object returned, CallContext context, boolean isRead) throws Exception {
        if (returned instanceof PageAnswer page) {
            return CallEnvelope.page(page);
        }
        ToolResult typed = returned instanceof ToolResult known ? known : null;
        JavaType type = typed == null ? null : typed.type();
        Object value = Awaited.settle(typed == null ? returned : typed.value());
        if (isRead && context.texts() && value instanceof String text && isLong(text)) {
            return CallEnvelope.text(text);
        }
        Pieces pieces = Pieces.of(value, type);
        if (pieces != null) {
            return context.pages() ? CallEnvelope.page(openFirst(pieces, context, firstOfMany())) : whole(pieces);
        }
        return context.pages() ? inlineOrFirst(value, type, context) : inline(ToolResult.write(value, type));
    }

    /** Closes what nobody has read for a while, and forgets the last pieces of what was read to its end. */
    void sweep() {
        long now = System.nanoTime();
        dropWhere(entry -> now - entry.usedNanos()
                > (entry.isOver() ? LAST_PIECE_NANOS : properties.idle().toNanos()));
    }

    /** How many are open: those read to their end hold nothing but their last piece. */
    int count() {
        return (int) open.values().stream().filter(entry -> !entry.isOver()).count();
    }

    @Override
    public void close() {
        dropWhere(entry -> true);
    }

    private boolean isLong(String text) {
        return text.length() >= LONG_TEXT_CHARS && text.length() <= maxAnswerChars;
    }

    private String inlineOrFirst(@Nullable Object value, @Nullable JavaType type, CallContext context)
            throws Exception {
        long inline = properties.inline().toBytes();
        Pieces pieces = null;
        if (value instanceof byte[] bytes && bytes.length > inline / 4 * 3) {
            pieces = Pieces.of(bytes);
        } else if (value instanceof String text && text.length() > inline) {
            pieces = new TextPieces("text", new StringReader(text), false);
        } else {
            String json = ToolResult.write(value, type);
            if (json.length() <= inline) {
                return CallEnvelope.written(json);
            }
            pieces = json.startsWith("[")
                    ? new JsonListPieces(json)
                    : new TextPieces("json", new StringReader(json), false);
        }
        return CallEnvelope.page(openFirst(pieces, context, new Limit(Long.MAX_VALUE, inline, 0, REST_MILLIS)));
    }

    private String inline(String json) {
        return json.length() > maxAnswerChars ? CallEnvelope.tooLarge(maxAnswerChars) : CallEnvelope.written(json);
    }

    private String whole(Pieces pieces) throws Exception {
        try {
            Pieces.Piece all = pieces.read(Limit.upTo(maxAnswerChars));
            if (all.more() && all.json().length() <= maxAnswerChars) {
                all = pieces.read(Limit.upTo(maxAnswerChars)); // throws what broke it off
            }
            return all.more() || all.json().length() > maxAnswerChars
                    ? CallEnvelope.tooLarge(maxAnswerChars)
                    : CallEnvelope.written(all.json());
        } finally {
            pieces.close();
        }
    }

    private PageAnswer openFirst(Pieces pieces, CallContext context, Limit limit) throws Exception {
        String handle = UUID.randomUUID().toString();
        OpenResult result = new OpenResult(handle, context.runId(), pieces);
        PageAnswer first = result.read(0, limit);
        makeRoom(context.runId());
        open.put(handle, result);
        return first;
    }

    private PageAnswer next(JsonNode arguments, CallContext context) throws Exception {
        OpenResult result = found(arguments, context);
        long most = arguments.path("most").asLong(MOST_ITEMS);
        long chars = arguments.path("max_chars").asLong(properties.piece().toBytes());
        if (most < 1 || chars < 1) {
            throw new ToolArgumentException("most", "A piece holds at least one item and one character.");
        }
        long firstMillis = (long) Math.min(FIRST_MILLIS, Math.max(context.timeoutSeconds(), 0.2) * 500);
        Limit limit = new Limit(most, Math.min(chars, maxAnswerChars), firstMillis, REST_MILLIS);
        boolean isRead = false;
        try {
            PageAnswer page = result.read(arguments.path("position").asLong(-1), limit);
            isRead = true;
            return page;
        } catch (ToolArgumentException wrongPosition) {
            isRead = true;
            throw wrongPosition;
        } finally {
            if (!isRead) {
                drop(result);
            }
        }
    }

    private OpenResult found(JsonNode arguments, CallContext context) {
        String handle = arguments.path("handle").asString("");
        OpenResult result = open.get(handle);
        if (result == null || !result.runId().equals(context.runId())) { // of another run: as if it were not there
            throw new ToolFailedException("The rest of this result is gone (read to its end, closed, or not read for "
                    + properties.idle().toMinutes() + " minutes): call the tool again.");
        }
        return result;
    }

    private Limit firstOfMany() {
        return new Limit(properties.items(), properties.piece().toBytes(), FIRST_MILLIS, REST_MILLIS);
    }

    private void makeRoom(String runId) {
        Predicate<OpenResult> ofRun = entry -> entry.runId().equals(runId);
        makeRoom(ofRun.and(OpenResult::isOver), LAST_PIECES_PER_RUN);
        makeRoom(ofRun, properties.openPerRun());
        makeRoom(entry -> true, properties.open());
    }

    private void makeRoom(Predicate<OpenResult> which, int most) {
        if (open.values().stream().filter(which).count() >= most) {
            dropOldest(which);
        }
    }

    /** Drops one that was read to its end, or else the one used least lately. */
    private void dropOldest(Predicate<OpenResult> which) {
        open.values().stream()
                .filter(which)
                .min(Comparator.comparing((OpenResult entry) -> !entry.isOver())
                        .thenComparingLong(OpenResult::usedNanos))
                .ifPresent(this::drop);
    }

    private void dropWhere(Predicate<OpenResult> which) {
        open.values().stream().filter(which).forEach(this::drop);
    }

    private void drop(OpenResult result) {
        open.values().remove(result);
        result.close();
    }

    /** What the engine calls to read on; no bean, or it would be listed. */
    private final class Reserved implements Toolkit {
        @Override
        public ToolkitDefinition definition() {
            return new ToolkitDefinition(
                    TOOLKIT, "Reads results piece by piece.", List.of(tool("next"), tool("close"), tool("release")));
        }

        @Override
        public @Nullable Object call(String tool, JsonNode arguments, CallContext context) throws Exception {
            switch (tool) {
                case "next" -> {
                    return next(arguments, context);
                }
                case "close" -> drop(found(arguments, context));
                default -> release(context.runId());
            }
            return null;
        }

        private static ToolDefinition tool(String name) {
            return new ToolDefinition(
                    name,
                    "Reserved for the engine.",
                    Effect.READ,
                    true,
                    Approval.NEVER,
                    Interaction.NONE,
                    "",
                    LONGEST_SECONDS, // an item may take as long as the context says
                    null,
                    HostJson.MAPPER.createObjectNode(),
                    HostJson.MAPPER.createObjectNode());
        }
    }
}
