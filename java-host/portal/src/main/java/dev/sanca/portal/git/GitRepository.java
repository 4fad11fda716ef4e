package dev.sanca.portal.git;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A bare repository with one branch, main, whose releases are tags. Writing is one at a time. */
public final class GitRepository {
    private final Path folder;
    private final GitProgram git;
    private final GitReader reader;

    private GitRepository(Path folder) {
        this.folder = folder;
        this.git = new GitProgram(folder);
        this.reader = new GitReader(git);
    }

    /** Opens the repository, or makes it from {@code history}. */
    public static GitRepository openOrCreate(Path folder, HistoryTemplate history, Map<String, String> files) {
        GitProgram.requireInstalled();
        GitRepository repository = new GitRepository(folder);
        if (!Files.exists(folder.resolve("HEAD"))) {
            repository.git.run("init", "--quiet", "--bare", "--initial-branch=main");
            byte[] stream = history.stream(files, Instant.now());
            repository.git.run(List.of("fast-import", "--quiet", "--done"), withDone(stream));
        }
        return repository;
    }

    public GitReader reader() {
        return reader;
    }

    /** What a person changes in one service: the folder as it is at {@code base}, with some files replaced. */
    public record Change(String folder, String base, Map<String, String> files, String author, String message) {}

    /** Commits a change on main and tags it as the next patch release. */
    public synchronized String release(Change change) {
        String tag = nextPatch(newestTag());
        byte[] stream = new FastImport()
                .commit(change.author(), Instant.now(), change.message(), "refs/heads/main^0")
                .folder(change.folder(), reader.treeOf(change.base(), change.folder()))
                .files(change.files())
                .tag(tag)
                .bytes();
        git.run(List.of("fast-import", "--quiet", "--done"), withDone(stream));
        return tag;
    }

    /** Writes the files of a release into a folder. */
    public void export(String tag, List<String> paths, Path target) {
        List<String> command = new ArrayList<>(List.of("archive", "--format=zip", "-0", GitReader.ref(tag), "--"));
        command.addAll(paths);
        byte[] zip = git.run(command, new byte[0]);
        try (ZipInputStream entries = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                Path file = target.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(file.getParent());
                    Files.copy(entries, file);
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException("The release " + tag + " cannot be written to disk.", error);
        }
    }

    /** Forgets every commit and tag after {@code tag}. */
    public synchronized void resetTo(String tag) {
        git.run("update-ref", "refs/heads/main", GitReader.ref(tag));
        List<String> tags = reader.tags();
        List<String> newer = tags.subList(tags.indexOf(tag) + 1, tags.size());
        if (!newer.isEmpty()) {
            List<String> command = new ArrayList<>(List.of("tag", "--delete"));
            command.addAll(newer);
            git.run(command);
        }
    }

    public Path folder() {
        return folder;
    }

    private String newestTag() {
        List<String> tags = reader.tags();
        return tags.get(tags.size() - 1);
    }

    private static String nextPatch(String tag) {
        int dot = tag.lastIndexOf('.') + 1;
        return tag.substring(0, dot) + (Integer.parseInt(tag.substring(dot)) + 1);
    }

    private static byte[] withDone(byte[] stream) {
        byte[] done = "done\n".getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(stream, stream.length + done.length);
        System.arraycopy(done, 0, all, stream.length, done.length);
        return all;
    }
}
