package dev.sanca.portal.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.SystemFacts.BlameLine;
import dev.sanca.host.toolkit.system.SystemFacts.Diff;
import dev.sanca.portal.git.GitReader.TaggedCommit;
import dev.sanca.portal.git.GitRepository.Change;
import dev.sanca.portal.git.HistoryTemplate.CommitTemplate;
import dev.sanca.portal.git.HistoryTemplate.TextChange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GitRepositoryTests {
    private static final HistoryTemplate HISTORY = new HistoryTemplate(
            Map.of("ada", "Ada <ada@shop.example>", "bob", "Bob <bob@shop.example>"),
            List.of(
                    new CommitTemplate("v1.0.0", "ada", 48, "first", null),
                    new CommitTemplate(
                            "v1.0.1",
                            "bob",
                            24,
                            "second",
                            List.of(new TextChange("services/a/x.txt", "two\n", "TWO\n"))),
                    new CommitTemplate(null, "ada", 12, "third", List.of(new TextChange("lib/y.txt", "", "more\n")))));

    @TempDir
    private Path folder;

    private GitRepository repository;

    @BeforeEach
    void makeRepository() {
        Map<String, String> newest = Map.of("services/a/x.txt", "one\nTWO\nthree\n", "lib/y.txt", "y\nmore\n");
        repository = GitRepository.openOrCreate(folder.resolve("r.git"), HISTORY, newest);
    }

    @Test
    void everyOlderStateIsMadeByTakingChangesBack() {
        GitReader reader = repository.reader();
        assertThat(reader.show("v1.0.0", "services/a/x.txt")).isEqualTo("one\ntwo\nthree\n");
        assertThat(reader.show("v1.0.1", "services/a/x.txt")).isEqualTo("one\nTWO\nthree\n");
        assertThat(reader.show("v1.0.1", "lib/y.txt")).isEqualTo("y\n");
        assertThat(reader.show("main", "lib/y.txt")).isEqualTo("y\nmore\n");
    }

    @Test
    void theLogNamesAuthorsTagsAndFilesNewestFirst() {
        List<TaggedCommit> log = repository.reader().log(List.of(), 10);
        assertThat(log).extracting(entry -> entry.commit().message()).containsExactly("third", "second", "first");
        assertThat(log.get(1).tags()).containsExactly("v1.0.1");
        assertThat(log.get(1).commit().author()).isEqualTo("Bob");
        assertThat(log.get(1).commit().files()).containsExactly("services/a/x.txt");
        assertThat(log.get(0).commit().date()).isAfter(log.get(2).commit().date());
    }

    @Test
    void blameTellsWhoWroteALine() {
        List<BlameLine> lines = repository.reader().blame("services/a/x.txt", "main", 1, 2);
        assertThat(lines).extracting(BlameLine::author).containsExactly("Ada", "Bob");
        assertThat(lines).extracting(BlameLine::text).containsExactly("one", "TWO");
    }

    @Test
    void aDiffHasAPatchAFileWithItsCounts() {
        Diff diff = repository.reader().diff("v1.0.0", "main", List.of());
        assertThat(diff.files()).extracting("path").containsExactly("lib/y.txt", "services/a/x.txt");
        assertThat(diff.files().get(1).added()).isEqualTo(1);
        assertThat(diff.files().get(1).removed()).isEqualTo(1);
        assertThat(diff.files().get(1).patch()).contains("-two", "+TWO");
    }

    @Test
    void aReleaseIsTheNextPatchOnTopOfItsBase() {
        String tag = repository.release(new Change(
                "services/a", "v1.0.0", Map.of("services/a/z.txt", "z\n"), "Eve <eve@shop.example>", "add z"));
        assertThat(tag).isEqualTo("v1.0.2");
        assertThat(repository.reader().show(tag, "services/a/x.txt")).isEqualTo("one\ntwo\nthree\n");
        assertThat(repository.reader().show(tag, "lib/y.txt")).isEqualTo("y\nmore\n");
        repository.resetTo("v1.0.1");
        assertThat(repository.reader().tags()).containsExactly("v1.0.0", "v1.0.1");
    }

    @Test
    void anExportHoldsTheFilesOfItsTag() {
        repository.export("v1.0.0", List.of("services/a"), folder.resolve("out"));
        assertThat(folder.resolve("out/services/a/x.txt")).content().isEqualTo("one\ntwo\nthree\n");
        assertThat(Files.exists(folder.resolve("out/lib"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--output=/tmp/x", "-p", "", "a b", "main..v1", "$(id)", "main;id", ":/first"})
    void whatIsNoRefNeverReachesGit(String ref) {
        assertThatThrownBy(() -> repository.reader().show(ref, "lib/y.txt")).isInstanceOf(ToolArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/passwd", "/etc/passwd", "--help", "", ":(top)lib", "lib/../.."})
    void whatIsNoPathNeverReachesGit(String path) {
        assertThatThrownBy(() -> repository.reader().show("main", path)).isInstanceOf(ToolArgumentException.class);
    }
}
