package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.system.SystemFacts.DiskEntry;
import dev.sanca.host.toolkit.system.SystemRepairs.Deletion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A service's data folder, seen and cleaned from outside. Never follows a link and never leaves the folder. */
record DataFolder(Path root) {

    /** Every file, largest first. */
    List<DiskEntry> entries() {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(DataFolder::isFile)
                    .map(this::entry)
                    .filter(Objects::nonNull)
                    .sorted(Comparator.comparingLong(DiskEntry::bytes).reversed())
                    .toList();
        } catch (NoSuchFileException missing) {
            return List.of();
        } catch (IOException | UncheckedIOException error) {
            throw new ToolFailedException("The data folder cannot be read: " + error.getMessage(), true, error);
        }
    }

    /** Deletes files that match a glob relative to the folder and are old enough; not the files the service works with. */
    Deletion delete(String pattern, int olderThanMinutes) {
        PathMatcher matcher = matcher(pattern);
        Instant before = Instant.now().minus(Duration.ofMinutes(olderThanMinutes));
        int deleted = 0;
        long freed = 0;
        for (DiskEntry entry : entries()) {
            Path relative = Path.of(entry.path());
            boolean wanted = matcher.matches(relative) && !entry.modified().isAfter(before);
            if (wanted && !isInUse(relative) && remove(relative)) {
                deleted++;
                freed += entry.bytes();
            }
        }
        return new Deletion(deleted, freed);
    }

    private static PathMatcher matcher(String pattern) {
        if (pattern.isBlank() || pattern.startsWith("/") || pattern.startsWith("~") || pattern.contains("..")) {
            throw new ToolArgumentException(
                    "pattern",
                    "'" + pattern + "' does not stay inside the data folder: give a glob like exports/*.csv.");
        }
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (PatternSyntaxException error) {
            throw new ToolArgumentException("pattern", "'" + pattern + "' is not a glob: give one like exports/*.csv.");
        }
    }

    /** The database and its side files: deleting them under a running service destroys it. */
    private static boolean isInUse(Path relative) {
        return relative.getNameCount() == 1 && relative.toString().matches(".*\\.db(-wal|-shm|-journal)?");
    }

    private boolean remove(Path relative) {
        Path file = root.resolve(relative).normalize();
        if (!file.startsWith(root)) {
            return false;
        }
        try {
            return Files.deleteIfExists(file);
        } catch (IOException error) {
            throw new ToolFailedException(
                    "The file " + relative + " cannot be deleted: " + error.getMessage(), true, error);
        }
    }

    private static boolean isFile(Path path) {
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
    }

    private @Nullable DiskEntry entry(Path file) {
        try {
            String path = root.relativize(file).toString();
            return new DiskEntry(
                    path, Files.size(file), Files.getLastModifiedTime(file).toInstant());
        } catch (IOException gone) {
            return null;
        }
    }
}
