package dev.sanca.portal.git;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.SystemFacts.BlameLine;
import dev.sanca.host.toolkit.system.SystemFacts.Commit;
import dev.sanca.host.toolkit.system.SystemFacts.Diff;
import dev.sanca.host.toolkit.system.SystemFacts.FileDiff;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the history. Refs and paths come from actions, so they are checked before git sees them. */
public final class GitReader {
    private static final Pattern REF = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/~^-]{0,99}");
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}");
    private static final String LOG_FORMAT = "--format=%x1e%h%x1f%an%x1f%aI%x1f%D%x1f%B%x1f";
    private static final int ABBREVIATION = 10;
    private final GitProgram git;

    GitReader(GitProgram git) {
        this.git = git;
    }

    /** A commit with the tags that point at it. */
    public record TaggedCommit(Commit commit, List<String> tags) {}

    /** Commits of these paths (none: all), newest first. */
    public List<TaggedCommit> log(List<String> paths, int limit) {
        List<String> command = new ArrayList<>(List.of(
                "log",
                "--abbrev=" + ABBREVIATION,
                "--name-only",
                "-n",
                Integer.toString(limit),
                LOG_FORMAT,
                "main",
                "--"));
        paths.forEach(path -> command.add(path(path)));
        return Arrays.stream(git.run(command).split("\u001e"))
                .filter(entry -> !entry.isBlank())
                .map(GitReader::commit)
                .toList();
    }

    /** A patch a file. */
    public Diff diff(String from, String to, List<String> paths) {
        List<String> command = new ArrayList<>(List.of("diff", "--no-color", ref(from), ref(to), "--"));
        paths.forEach(path -> command.add(path(path)));
        List<FileDiff> files = Arrays.stream(git.run(command).split("(?m)^(?=diff --git )"))
                .filter(patch -> !patch.isBlank())
                .map(GitReader::fileDiff)
                .toList();
        return new Diff(from, to, files);
    }

    public List<BlameLine> blame(String path, String ref, int from, @Nullable Integer to) {
        String range = from + "," + (to == null ? "" : to);
        String text = git.run(
                "blame", "--line-porcelain", "--abbrev=" + ABBREVIATION, "-L", range, ref(ref), "--", path(path));
        return BlameParser.parse(text);
    }

    /** The text of a file, or what a folder holds. */
    public String show(String ref, String path) {
        return git.run("show", ref(ref) + ":" + path(path));
    }

    public String commitOf(String ref) {
        return git.run("rev-parse", "--short=" + ABBREVIATION, "--verify", ref(ref) + "^{commit}")
                .strip();
    }

    public boolean hasTag(String tag) {
        return !git.run("tag", "--list", ref(tag)).isBlank();
    }

    /** Tags by version, oldest first. */
    public List<String> tags() {
        return git.run("tag", "--list", "--sort=version:refname").lines().toList();
    }

    String treeOf(String ref, String path) {
        return git.run("rev-parse", "--verify", ref(ref) + ":" + path(path)).strip();
    }

    static String ref(String ref) {
        if (!REF.matcher(ref).matches() || ref.contains("..")) {
            throw new ToolArgumentException("ref", "'" + ref + "' is not a release, branch or commit.");
        }
        return ref;
    }

    private static String path(String path) {
        if (!PATH.matcher(path).matches() || path.contains("..")) {
            throw new ToolArgumentException("path", "'" + path + "' is not a path inside the repository.");
        }
        return path;
    }

    private static TaggedCommit commit(String entry) {
        String[] fields = entry.split("\u001f", -1);
        List<String> tags = Arrays.stream(fields[3].split(", "))
                .filter(name -> name.startsWith("tag: "))
                .map(name -> name.substring("tag: ".length()))
                .toList();
        List<String> files = fields[5].lines().filter(line -> !line.isBlank()).toList();
        Instant date = OffsetDateTime.parse(fields[2]).toInstant();
        return new TaggedCommit(new Commit(fields[0], fields[1], date, fields[4].strip(), files), tags);
    }

    private static FileDiff fileDiff(String patch) {
        String path = patch.lines()
                .filter(line -> line.startsWith("+++ b/") || line.startsWith("--- a/"))
                .reduce((first, second) -> second)
                .map(line -> line.substring("+++ b/".length()))
                .orElse("");
        int added = count(patch, "+", "+++ ");
        return new FileDiff(path, added, count(patch, "-", "--- "), patch);
    }

    private static int count(String patch, String sign, String header) {
        return (int) patch.lines()
                .filter(line -> line.startsWith(sign) && !line.startsWith(header))
                .count();
    }
}
