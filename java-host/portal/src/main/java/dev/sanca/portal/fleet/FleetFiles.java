package dev.sanca.portal.fleet;

import dev.sanca.portal.git.GitRepository;
import dev.sanca.portal.git.HistoryTemplate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/** Makes and clears the fleet's folders. */
final class FleetFiles {
    private FleetFiles() {}

    /** Folders and repository; what another version of the templates, or other ports, left behind is deleted first. */
    static GitRepository prepare(FleetPaths paths, List<ServiceSpec> services, HistoryTemplate history) {
        Map<String, String> files = FleetResources.repositoryFiles(services);
        String fingerprint = fingerprint(files, history);
        Path marker = paths.root().resolve("made-from");
        try {
            if (!Files.exists(marker) || !Files.readString(marker).equals(fingerprint)) {
                FleetPaths.deleteTree(paths.root());
            }
            Files.createDirectories(paths.logs());
            for (ServiceSpec service : services) {
                Files.createDirectories(paths.data(service.name()));
            }
            GitRepository repository = GitRepository.openOrCreate(paths.repository(), history, files);
            Files.writeString(marker, fingerprint);
            return repository;
        } catch (IOException error) {
            throw new UncheckedIOException("The fleet's folder " + paths.root() + " cannot be used.", error);
        }
    }

    /** Deletes data, logs, the record of deployments and every release but {@code kept}. No service may run. */
    static void clear(FleetPaths paths, String kept, List<ServiceSpec> services) {
        try {
            Files.deleteIfExists(paths.deployments());
            FleetPaths.deleteTree(paths.logs());
            Files.createDirectories(paths.logs());
            for (ServiceSpec service : services) {
                FleetPaths.deleteTree(paths.data(service.name()));
                Files.createDirectories(paths.data(service.name()));
                clearReleases(paths.release(service.name(), kept));
            }
        } catch (IOException error) {
            throw new UncheckedIOException("The fleet's folder " + paths.root() + " cannot be cleared.", error);
        }
    }

    private static void clearReleases(Path kept) throws IOException {
        try (Stream<Path> releases = Files.list(kept.getParent())) {
            releases.filter(each -> !each.equals(kept)).forEach(FleetPaths::deleteTree);
        }
    }

    private static String fingerprint(Map<String, String> files, HistoryTemplate history) {
        CRC32 sum = new CRC32();
        files.forEach((path, text) -> sum.update((path + "\n" + text).getBytes(StandardCharsets.UTF_8)));
        sum.update(history.toString().getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(sum.getValue());
    }
}
