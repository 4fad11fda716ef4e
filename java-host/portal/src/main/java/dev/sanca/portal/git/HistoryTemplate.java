package dev.sanca.portal.git;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A release history told backwards: the newest files are given, and each commit says what its lines were before.
 *
 * @param authors name and address by short name
 * @param commits oldest first; the first one adds every file
 */
public record HistoryTemplate(Map<String, String> authors, List<CommitTemplate> commits) {

    /** @param tag null: the commit is no release of its own */
    public record CommitTemplate(
            @Nullable String tag,
            String author,
            int hoursAgo,
            String message,
            @Nullable List<TextChange> changes) {}

    /** A replacement in one file; {@code after} occurs exactly once in the newer text. */
    public record TextChange(String path, String before, String after) {

        String undo(String newer) {
            return replaceOnce(path, newer, after, before);
        }
    }

    /** Replaces the only occurrence. */
    public static String replaceOnce(String path, String text, String from, String to) {
        int at = text.indexOf(from);
        if (at < 0 || text.indexOf(from, at + 1) >= 0) {
            throw new IllegalArgumentException("'" + from.strip() + "' must occur exactly once in " + path + ".");
        }
        return text.substring(0, at) + to + text.substring(at + from.length());
    }

    /** The newest tag. */
    public String newestTag() {
        return commits.stream()
                .map(CommitTemplate::tag)
                .filter(Objects::nonNull)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    /** The history as a stream for {@code git fast-import}, dated before {@code now}. */
    byte[] stream(Map<String, String> newestFiles, Instant now) {
        Deque<Map<String, String>> states = states(newestFiles);
        FastImport out = new FastImport();
        for (CommitTemplate commit : commits) {
            Instant date = now.minus(Duration.ofMinutes(
                    commit.hoursAgo() * 60L + commit.message().length() % 50));
            out.commit(Objects.requireNonNull(authors.get(commit.author())), date, commit.message(), null);
            out.files(states.pop());
            if (commit.tag() != null) {
                out.tag(commit.tag());
            }
        }
        return out.bytes();
    }

    /** What each commit writes, oldest on top. */
    private Deque<Map<String, String>> states(Map<String, String> newestFiles) {
        Deque<Map<String, String>> states = new ArrayDeque<>();
        Map<String, String> files = new HashMap<>(newestFiles);
        for (int i = commits.size() - 1; i > 0; i--) {
            Map<String, String> written = new HashMap<>();
            List<TextChange> changes = Objects.requireNonNullElse(commits.get(i).changes(), List.of());
            changes.forEach(change -> written.put(change.path(), Objects.requireNonNull(files.get(change.path()))));
            states.push(written);
            for (int j = changes.size() - 1; j >= 0; j--) {
                TextChange change = changes.get(j);
                files.compute(change.path(), (path, text) -> change.undo(Objects.requireNonNull(text)));
            }
        }
        states.push(files);
        return states;
    }
}
