package dev.sanca.portal.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.SystemRepairs.Deletion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataFolderTests {
    @TempDir
    private Path outside;

    private Path root;
    private DataFolder folder;

    @BeforeEach
    void makeFiles() throws IOException {
        root = Files.createDirectory(outside.resolve("data"));
        folder = new DataFolder(root);
        Files.writeString(outside.resolve("secret.csv"), "secret");
        Files.createDirectory(root.resolve("exports"));
        Files.writeString(root.resolve("exports/old.csv"), "12345");
        Files.writeString(root.resolve("exports/new.csv"), "123");
        Files.writeString(root.resolve("shop.db"), "database");
        Files.setLastModifiedTime(
                root.resolve("exports/old.csv"), FileTime.from(Instant.now().minus(Duration.ofHours(3))));
    }

    @Test
    void aGlobDeletesWhatMatchesAndTellsWhatItFreed() {
        assertThat(folder.delete("exports/*.csv", 0)).isEqualTo(new Deletion(2, 8));
        assertThat(root.resolve("exports/old.csv")).doesNotExist();
    }

    @Test
    void youngFilesStay() {
        assertThat(folder.delete("exports/*", 60)).isEqualTo(new Deletion(1, 5));
        assertThat(root.resolve("exports/new.csv")).exists();
    }

    @Test
    void theDatabaseOfARunningServiceStays() {
        folder.delete("**", 0);
        folder.delete("*", 0);
        assertThat(root.resolve("shop.db")).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../*", "../secret.csv", "exports/../../secret.csv", "/etc/*", "~/x", "", "  ", "[", "{a"})
    void whatLeavesTheFolderOrIsNoGlobIsRefused(String pattern) {
        assertThatThrownBy(() -> folder.delete(pattern, 0)).isInstanceOf(ToolArgumentException.class);
        assertThat(outside.resolve("secret.csv")).exists();
        assertThat(root.resolve("exports/old.csv")).exists();
    }

    @Test
    void aLinkOutOfTheFolderIsNeitherFollowedNorCounted() throws IOException {
        Files.createSymbolicLink(root.resolve("exports/link.csv"), outside.resolve("secret.csv"));
        Files.createSymbolicLink(root.resolve("elsewhere"), outside);
        folder.delete("**", 0);
        assertThat(outside.resolve("secret.csv")).exists();
        assertThat(folder.entries()).extracting("path").doesNotContain("exports/link.csv", "elsewhere/secret.csv");
    }

    @Test
    void entriesComeLargestFirst() {
        assertThat(folder.entries())
                .extracting("path")
                .containsExactly("shop.db", "exports/old.csv", "exports/new.csv");
    }
}
