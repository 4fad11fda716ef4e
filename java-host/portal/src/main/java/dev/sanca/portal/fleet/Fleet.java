package dev.sanca.portal.fleet;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.HostException;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.portal.git.GitRepository;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The fleet. It starts in the background; whoever needs a part of it waits until it is up. */
public final class Fleet implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Fleet.class);
    private static final long START_LIMIT_SECONDS = 90;
    private final FleetPaths paths;
    private final FleetProperties properties;
    private final List<ServiceSpec> specs;
    private final ServiceHttp http = new ServiceHttp();
    private final ForeignPrograms foreigners = new ForeignPrograms();
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CompletableFuture<FleetParts> parts = new CompletableFuture<>();

    private Fleet(Path home, FleetProperties properties) {
        this.properties = properties;
        this.paths = new FleetPaths(home);
        this.specs = ServiceSpec.shop(properties.basePort());
    }

    /** A fleet that has not begun to start; whoever needs a part of it waits for {@link #begin}. */
    public static Fleet prepare(Path home, FleetProperties properties) {
        return new Fleet(home, properties);
    }

    /** Begins to build what is missing under {@code home} and to start every service; returns at once. */
    public static Fleet start(Path home, FleetProperties properties) {
        Fleet fleet = prepare(home, properties);
        fleet.begin();
        return fleet;
    }

    /** Begins to start, once; returns at once. */
    public void begin() {
        if (begun.compareAndSet(false, true)) {
            parts.completeAsync(this::build);
        }
    }

    /**
     * Waits until every service was started.
     *
     * @throws ConfigurationException no git, no Python, or a port is taken
     */
    public void awaitStarted() {
        parts();
    }

    /** Everything as on the first day: history, data, logs and metrics too. */
    public synchronized void reset() {
        FleetParts up = parts();
        up.pulse().pause();
        stop(up);
        up.reset(paths);
        startServices(up);
        up.pulse().resume();
    }

    @Override
    public void close() {
        if (parts.isDone() && !parts.isCompletedExceptionally()) {
            parts.join().pulse().close();
            stop(parts.join());
        }
    }

    public List<ServiceSpec> specs() {
        return specs;
    }

    /** @throws ToolArgumentException there is no such service; the message names those there are */
    public ServiceSpec spec(String service) {
        List<String> names = specs.stream().map(ServiceSpec::name).toList();
        return specs.stream()
                .filter(spec -> spec.name().equals(service))
                .findFirst()
                .orElseThrow(() -> new ToolArgumentException(
                        "service",
                        "There is no service '" + service + "': the services are " + String.join(", ", names) + ".",
                        names));
    }

    ServiceRunner runner(String service) {
        return Objects.requireNonNull(parts().runners().get(spec(service).name()));
    }

    GitRepository repository() {
        return parts().repository();
    }

    Deployer deployer() {
        return parts().deployer();
    }

    Scraper scraper() {
        return parts().scraper();
    }

    Prober prober() {
        return parts().prober();
    }

    Credentials credentials() {
        return parts().credentials();
    }

    String python() {
        return parts().python();
    }

    ServiceHttp http() {
        return http;
    }

    FleetPaths paths() {
        return paths;
    }

    ForeignPrograms foreigners() {
        return foreigners;
    }

    private FleetParts parts() {
        try {
            return parts.get(START_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof HostException known
                    ? known
                    : new ToolFailedException(
                            "The fleet did not start; the host's log says why.", false, failed.getCause());
        } catch (TimeoutException late) {
            throw new ToolFailedException("The fleet is still starting: try again in a moment.", true, late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ToolFailedException("The wait for the fleet was interrupted.", true, interrupted);
        }
    }

    private FleetParts build() {
        long began = System.nanoTime();
        PortTable.requireFree(specs);
        FleetParts made = FleetParts.make(paths, properties, specs, http);
        startServices(made);
        made.pulse().start();
        log.info("The fleet is up after {} ms.", (System.nanoTime() - began) / 1_000_000);
        return made;
    }

    private static void startServices(FleetParts up) {
        List<CompletableFuture<Void>> pending = up.runners().values().stream()
                .map(runner -> CompletableFuture.runAsync(() -> startService(up, runner)))
                .toList();
        pending.forEach(CompletableFuture::join);
    }

    private static void startService(FleetParts up, ServiceRunner runner) {
        String service = runner.spec().name();
        boolean first = up.deployer().deployed(service).isEmpty();
        String release = up.deployer().deployed(service).orElse(up.firstRelease());
        String message = first ? "first deployment" : "the portal started";
        String outcome = up.deployer()
                .deploy(runner, new Deployer.Order(release, "portal", first ? "deploy" : "restart", message));
        if (!outcome.equals(ServiceRunner.OK)) {
            log.warn("{} {} did not come up: {}", service, release, outcome);
        }
    }

    private void stop(FleetParts up) {
        foreigners.close();
        up.runners().values().parallelStream().forEach(ServiceRunner::stop);
    }
}
