package dev.sanca.portal.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Where the fleet keeps what. */
record FleetPaths(Path root) {

    Path repository() {
        return root.resolve("repository.git");
    }

    Path release(String service, String tag) {
        return root.resolve("releases").resolve(service).resolve(tag);
    }

    Path logs() {
        return root.resolve("logs");
    }

    Path log(String service) {
        return logs().resolve(service + ".log");
    }

    /** What a process wrote to its standard output and error; mostly empty. */
    Path console(String service) {
        return logs().resolve(service + ".out");
    }

    Path data(String service) {
        return root.resolve("data").resolve(service);
    }

    Path credentials() {
        return root.resolve("credentials.json");
    }

    Path deployments() {
        return root.resolve("deployments.jsonl");
    }

    Path tools() {
        return root.resolve("tools");
    }

    /** Deletes a folder with everything in it; a missing one is fine. */
    static void deleteTree(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new DeletingVisitor());
        } catch (IOException error) {
            throw new UncheckedIOException("The folder " + folder + " cannot be deleted.", error);
        }
    }

    private static final class DeletingVisitor extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException error) throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
