package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.system.SystemFacts.Deployment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The record of what was deployed, one JSON line each; also remembers which releases ran well. */
final class DeploymentBook {
    private final Path file;
    private final List<Entry> entries = new ArrayList<>();

    /** @param kind of line: a deployment, or the note that its release ran well until it was replaced */
    private record Entry(Deployment deployment, boolean ranWell) {}

    DeploymentBook(Path file) {
        this.file = file;
        if (Files.exists(file)) {
            try {
                Files.readAllLines(file).forEach(line -> entries.add(HostJson.LENIENT.readValue(line, Entry.class)));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    synchronized void add(Deployment deployment) {
        write(new Entry(deployment, false));
    }

    /** Notes that the release that runs now did its work, just before it is replaced. */
    synchronized void ranWell(String service) {
        current(service).ifPresent(deployment -> write(new Entry(deployment, true)));
    }

    /** Newest first. */
    synchronized List<Deployment> of(String service) {
        List<Deployment> found = new ArrayList<>();
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry entry = entries.get(i);
            if (!entry.ranWell() && entry.deployment().service().equals(service)) {
                found.add(entry.deployment());
            }
        }
        return found;
    }

    synchronized Optional<Deployment> current(String service) {
        return of(service).stream().findFirst();
    }

    /** The last release other than the running one that ran well; else the last other one that started well. */
    synchronized Optional<String> lastGood(String service, String current) {
        Optional<String> proven = lastOf(service, current, true);
        return proven.isPresent() ? proven : lastOf(service, current, false);
    }

    private Optional<String> lastOf(String service, String current, boolean ranWell) {
        return entries.stream()
                .filter(entry -> entry.ranWell() == ranWell)
                .map(Entry::deployment)
                .filter(each -> each.service().equals(service))
                .filter(each -> each.outcome().equals(ServiceRunner.OK)
                        && !each.release().equals(current))
                .map(Deployment::release)
                .reduce((first, second) -> second);
    }

    private void write(Entry entry) {
        entries.add(entry);
        try {
            Files.writeString(
                    file,
                    HostJson.MAPPER.writeValueAsString(entry) + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
