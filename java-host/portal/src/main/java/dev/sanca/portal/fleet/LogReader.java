package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.system.LogLevel;
import dev.sanca.host.toolkit.system.SystemFacts.LogEntry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Reads a service's JSON-lines log from its end. */
final class LogReader {
    private static final long MOST_BYTES = 6_000_000;

    private LogReader() {}

    /** What to look for. */
    record Query(@Nullable LogLevel level, @Nullable String contains, int sinceMinutes, int limit) {}

    /** The newest entries that match, newest last. */
    static List<LogEntry> read(Path log, Query query) {
        Instant since = Instant.now().minus(Duration.ofMinutes(query.sinceMinutes()));
        List<LogEntry> found = new ArrayList<>();
        List<String> lines = Stream.of(log.resolveSibling(log.getFileName() + ".1"), log)
                .flatMap(file -> tail(file).lines())
                .toList();
        for (int i = lines.size() - 1; i >= 0 && found.size() < query.limit(); i--) {
            LogEntry entry = parse(lines.get(i));
            if (entry != null && entry.time().isBefore(since)) {
                break;
            }
            if (entry != null && matches(entry, query)) {
                found.add(entry);
            }
        }
        Collections.reverse(found);
        return found;
    }

    private static boolean matches(LogEntry entry, Query query) {
        return isAtLeast(entry.level(), query.level()) && contains(entry, query.contains());
    }

    private static boolean isAtLeast(String level, @Nullable LogLevel least) {
        return least == null || LogLevel.valueOf(level).compareTo(least) >= 0;
    }

    private static boolean contains(LogEntry entry, @Nullable String wanted) {
        if (wanted == null || wanted.isEmpty()) {
            return true;
        }
        String text = entry.message() + "\n" + (entry.stack() == null ? "" : entry.stack()) + "\n" + entry.traceId();
        return text.toLowerCase(Locale.ROOT).contains(wanted.toLowerCase(Locale.ROOT));
    }

    private static @Nullable LogEntry parse(String line) {
        try {
            return HostJson.LENIENT.readValue(line, LogEntry.class);
        } catch (JacksonException cutOff) {
            return null; // the first line of a tail may be half a line
        }
    }

    private static String tail(Path file) {
        if (!Files.exists(file)) {
            return "";
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long start = Math.max(0, in.length() - MOST_BYTES);
            byte[] bytes = new byte[(int) (in.length() - start)];
            in.seek(start);
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException rotated) {
            return "";
        }
    }
}
