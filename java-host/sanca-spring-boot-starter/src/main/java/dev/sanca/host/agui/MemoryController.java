package dev.sanca.host.agui;

import dev.sanca.host.engine.AddedDocument;
import dev.sanca.host.engine.Caller;
import dev.sanca.host.engine.EngineMemory;
import dev.sanca.host.engine.MemoryItem;
import dev.sanca.host.engine.MemoryPage;
import dev.sanca.host.engine.MemoryQuery;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.multipart.MultipartFile;

/** What is remembered of the user and the tenant. Searching is a POST: questions stay out of addresses and their logs. */
@RestController
@RequestMapping("/api/sanca/memory")
class MemoryController {
    private static final int QUERY_CHARS = 8_000;
    private static final int TEXT_CHARS = 200_000;
    private static final int ITEMS = 200;
    private final EngineMemory memory;
    private final Callers callers;
    private final Uploads uploads;

    MemoryController(EngineMemory memory, Callers callers, FileProperties files) {
        this.memory = memory;
        this.callers = callers;
        this.uploads = new Uploads(files);
    }

    @PostMapping("/search")
    MemoryPage search(@RequestBody Search search, HttpServletRequest request) {
        return memory.search(callers.remembering(request), search.asQuery()).join();
    }

    @PutMapping
    MemoryItem edit(@RequestBody Change change, HttpServletRequest request) {
        return memory.edit(callers.remembering(request), change.asChange()).join();
    }

    @PostMapping("/forget")
    Forgotten forget(@RequestBody Forget forget, HttpServletRequest request) {
        if (forget.document() != null && !forget.document().isBlank()) {
            Caller caller = callers.teaching(request);
            return new Forgotten(
                    memory.forgetDocument(caller, forget.document()).join());
        }
        Caller caller = callers.remembering(request);
        if (Boolean.TRUE.equals(forget.everything())) {
            return new Forgotten(memory.forgetEverything(caller).join());
        }
        return new Forgotten(memory.forget(caller, forget.keys()).join());
    }

    @GetMapping("/export")
    void export(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Caller caller = callers.remembering(request);
        Downloads.send(response, (head, data) -> memory.export(caller, head, data));
    }

    @PostMapping("/documents")
    AddedDocument add(@RequestParam("file") MultipartFile file, HttpServletRequest request) throws IOException {
        Caller caller = callers.teaching(request);
        String name = uploads.checkedName(file);
        return memory.addDocument(caller, name, Uploads.mediaType(name), file.getInputStream())
                .join();
    }

    private static String text(@Nullable String value, String name, int most) {
        String text = value == null ? "" : value.strip();
        if (text.length() > most) {
            throw new BadInputException("The field " + name + " has at most " + most + " characters.");
        }
        return text;
    }

    private static List<String> texts(@Nullable List<String> values, String name) {
        List<String> texts = values == null ? List.of() : values;
        if (texts.size() > ITEMS || texts.stream().anyMatch(Objects::isNull)) {
            throw new BadInputException("The field " + name + " has at most " + ITEMS + " texts.");
        }
        return texts;
    }

    /** What the page looks for. */
    record Search(
            @Nullable String query,
            @Nullable List<String> layers,
            @Nullable String sessionId,
            @Nullable String document,
            @Nullable List<String> ids,
            @Nullable Integer limit,
            @Nullable String after) {

        MemoryQuery asQuery() {
            return new MemoryQuery(
                    text(query, "query", QUERY_CHARS),
                    texts(layers, "layers"),
                    text(sessionId, "sessionId", QUERY_CHARS),
                    text(document, "document", QUERY_CHARS),
                    texts(ids, "ids"),
                    limit == null ? 0 : Math.max(0, Math.min(limit, ITEMS)),
                    text(after, "after", QUERY_CHARS));
        }
    }

    /** What names an item. */
    record Key(
            @Nullable String layer,
            @Nullable String id,
            @Nullable String sessionId,
            @Nullable Boolean wholeTenant) {
        MemoryItem.Key asKey() {
            return new MemoryItem.Key(
                    text(layer, "layer", QUERY_CHARS),
                    text(id, "id", QUERY_CHARS),
                    text(sessionId, "sessionId", QUERY_CHARS),
                    Boolean.TRUE.equals(wholeTenant));
        }
    }

    /** What a person changed. */
    record Change(
            @Nullable String layer,
            @Nullable String id,
            @Nullable String sessionId,
            @Nullable Boolean wholeTenant,
            @Nullable Integer revision,
            @Nullable String title,
            @Nullable String text,
            @Nullable Map<String, Object> data) {

        MemoryItem.Change asChange() {
            if (text == null || text.isBlank()) {
                throw new BadInputException(
                        "What is remembered needs words: text must not be empty; forget it instead.");
            }
            return new MemoryItem.Change(
                    new Key(layer, id, sessionId, wholeTenant).asKey(),
                    revision == null ? 0 : revision,
                    MemoryController.text(text, "text", TEXT_CHARS),
                    title,
                    data);
        }
    }

    /** What is to be forgotten: items, a document, or everything. */
    record Forget(
            @Nullable List<Key> items,
            @Nullable Boolean everything,
            @Nullable String document) {
        List<MemoryItem.Key> keys() {
            if (items == null
                    || items.isEmpty()
                    || items.size() > ITEMS
                    || items.stream().anyMatch(Objects::isNull)) {
                throw new BadInputException("Say what to forget: 1 to " + ITEMS + " items, a document, or everything.");
            }
            return items.stream().map(Key::asKey).toList();
        }
    }

    /** How many there were. */
    record Forgotten(long forgotten) {}
}
