package dev.sanca.portal.git;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds the stream of {@code git fast-import}, so that a whole history costs one process. */
final class FastImport {
    private final ByteArrayOutputStream stream = new ByteArrayOutputStream();

    /** Begins a commit on main; files follow. */
    FastImport commit(String author, Instant date, String message, @Nullable String parent) {
        String when = date.getEpochSecond() + " +0000";
        line("commit refs/heads/main");
        line("author " + author + " " + when);
        line("committer " + author + " " + when);
        data(message);
        if (parent != null) {
            line("from " + parent);
        }
        return this;
    }

    /** Puts the folder of another commit in place. */
    FastImport folder(String path, String tree) {
        line("M 040000 " + tree + " " + path);
        return this;
    }

    FastImport files(Map<String, String> textByPath) {
        textByPath.forEach((path, text) -> {
            line("M 100644 inline " + path);
            data(text);
        });
        return this;
    }

    /** Tags what main is now. */
    FastImport tag(String name) {
        line("reset refs/tags/" + name);
        line("from refs/heads/main");
        line("");
        return this;
    }

    byte[] bytes() {
        return stream.toByteArray();
    }

    private void data(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        line("data " + bytes.length);
        stream.writeBytes(bytes);
        line("");
    }

    private void line(String text) {
        stream.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
