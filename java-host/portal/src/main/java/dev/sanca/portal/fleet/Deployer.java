package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.system.SystemFacts.Deployment;
import dev.sanca.portal.git.GitRepository;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Puts a release's files in place, swaps the process and records how it went. */
public final class Deployer {
    private final FleetPaths paths;
    private final GitRepository repository;
    private final DeploymentBook book;
    private final Predicate<ServiceSpec> runsWell;

    /** @param runsWell whether the service did its work since its process started */
    Deployer(FleetPaths paths, GitRepository repository, DeploymentBook book, Predicate<ServiceSpec> runsWell) {
        this.paths = paths;
        this.repository = repository;
        this.book = book;
        this.runsWell = runsWell;
    }

    /** One deployment to make. */
    record Order(String release, String by, String kind, String message) {}

    /** Stops what runs, starts the release, waits for its health; a release that is not healthy stays deployed. */
    String deploy(ServiceRunner runner, Order order) {
        ServiceSpec spec = runner.spec();
        synchronized (runner) {
            place(spec, order.release());
            if (runner.alive().isPresent() && runsWell.test(spec)) {
                book.ranWell(spec.name());
            }
            runner.stop();
            String outcome = runner.start(order.release());
            book.add(new Deployment(
                    spec.name(), order.release(), Instant.now(), order.by(), order.kind(), outcome, order.message()));
            return outcome;
        }
    }

    /** The release that is deployed, whether its process lives or not. */
    Optional<String> deployed(String service) {
        return book.current(service).map(Deployment::release);
    }

    List<Deployment> history(String service) {
        return book.of(service);
    }

    /** Where a rollback without a target goes. */
    String rollbackTarget(String service) {
        String current = deployed(service).orElse("");
        return book.lastGood(service, current).orElseGet(() -> releaseBefore(current));
    }

    private String releaseBefore(String current) {
        List<String> tags = repository.reader().tags();
        int at = tags.indexOf(current);
        if (at <= 0) {
            throw new ToolFailedException("There is no release before " + current + ".");
        }
        return tags.get(at - 1);
    }

    private void place(ServiceSpec spec, String release) {
        if (!repository.reader().hasTag(release)) {
            throw new ToolArgumentException("release", "There is no release '" + release + "'.", nearest());
        }
        Path folder = paths.release(spec.name(), release);
        if (!Files.isRegularFile(folder.resolve(spec.codePath()))) {
            FleetPaths.deleteTree(folder);
            repository.export(release, List.of("lib", spec.folder()), folder);
        }
    }

    private List<String> nearest() {
        List<String> tags = repository.reader().tags();
        return tags.subList(Math.max(0, tags.size() - 3), tags.size());
    }
}
