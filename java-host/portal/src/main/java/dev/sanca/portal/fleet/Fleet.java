package dev.sanca.portal.fleet;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.portal.git.GitRepository;
import dev.sanca.portal.git.HistoryTemplate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running fleet: what its parts share. Made by {@link #start}, ended by {@link #close}. */
public final class Fleet implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Fleet.class);
    private static final String PORTAL = "portal";
    private final FleetPaths paths;
    private final FleetProperties properties;
    private final GitRepository repository;
    private final HistoryTemplate history;
    private final ServiceHttp http = new ServiceHttp();
    private final SampleRequest.Catalogue samples = SampleRequest.Catalogue.load();
    private final Map<String, ServiceRunner> runners = new LinkedHashMap<>();
    private final Credentials credentials;
    private final Scraper scraper;
    private final Prober prober;
    private final String python;
    private final ForeignPrograms foreigners = new ForeignPrograms();
    private volatile Deployer deployer;
    private final Pulse pulse;

    private Fleet(Path home, FleetProperties properties, String python) {
        this.properties = properties;
        this.python = python;
        this.paths = new FleetPaths(home);
        List<ServiceSpec> services = ServiceSpec.shop(properties.basePort());
        this.history = FleetResources.history();
        this.repository = FleetFiles.prepare(paths, services, history);
        this.credentials = Credentials.create(paths.credentials());
        for (ServiceSpec spec : services) {
            runners.put(spec.name(), new ServiceRunner(spec, paths, python, http, properties.startTimeout()));
        }
        this.scraper = new Scraper(services, http);
        this.prober = new Prober(http, samples, credentials);
        this.deployer = newDeployer();
        Traffic traffic = new Traffic(http, properties.basePort(), samples.storefront(), properties.requestsPerSecond());
        this.pulse = new Pulse(traffic, scraper, properties.scrapeInterval());
    }

    /**
     * Builds what is missing under {@code home} and starts every service.
     *
     * @throws ConfigurationException no git, no Python, or a port is taken
     */
    public static Fleet start(Path home, FleetProperties properties) {
        long began = System.nanoTime();
        String python = PythonProgram.resolve(properties.python());
        requireFreePorts(ServiceSpec.shop(properties.basePort()));
        Fleet fleet = new Fleet(home, properties, python);
        fleet.startServices();
        fleet.pulse.start();
        log.info("The fleet is up after {} ms.", (System.nanoTime() - began) / 1_000_000);
        return fleet;
    }

    /** Everything as on the first day: history, data, logs and metrics too. */
    public synchronized void reset() {
        pulse.pause();
        stopServices();
        repository.resetTo(history.newestTag());
        FleetFiles.clear(paths, history.newestTag(), specs());
        scraper.clear();
        deployer = newDeployer();
        startServices();
        pulse.resume();
    }

    @Override
    public void close() {
        pulse.close();
        stopServices();
    }

    public List<ServiceSpec> specs() {
        return runners.values().stream().map(ServiceRunner::spec).toList();
    }

    /** @throws ToolArgumentException there is no such service; the message names those there are */
    ServiceRunner runner(String service) {
        ServiceRunner runner = runners.get(service);
        if (runner == null) {
            throw new ToolArgumentException(
                    "service",
                    "There is no service '" + service + "': the services are " + String.join(", ", runners.keySet()) + ".",
                    List.copyOf(runners.keySet()));
        }
        return runner;
    }

    public ServiceSpec spec(String service) {
        return runner(service).spec();
    }

    GitRepository repository() {
        return repository;
    }

    Deployer deployer() {
        return deployer;
    }

    Scraper scraper() {
        return scraper;
    }

    Prober prober() {
        return prober;
    }

    ServiceHttp http() {
        return http;
    }

    FleetPaths paths() {
        return paths;
    }

    Credentials credentials() {
        return credentials;
    }

    ForeignPrograms foreigners() {
        return foreigners;
    }

    String python() {
        return python;
    }

    private Deployer newDeployer() {
        DeploymentBook book = new DeploymentBook(paths.deployments());
        return new Deployer(paths, repository, book, service -> scraper.ranWell(spec(service)));
    }

    private void startServices() {
        List<CompletableFuture<Void>> pending = new ArrayList<>();
        for (ServiceRunner runner : runners.values()) {
            pending.add(CompletableFuture.runAsync(() -> startService(runner)));
        }
        pending.forEach(CompletableFuture::join);
    }

    private void startService(ServiceRunner runner) {
        String service = runner.spec().name();
        boolean first = deployer.deployed(service).isEmpty();
        String release = deployer.deployed(service).orElse(history.newestTag());
        String message = first ? "first deployment" : "the portal started";
        String outcome = deployer.deploy(runner, new Deployer.Order(release, PORTAL, first ? "deploy" : "restart", message));
        if (!outcome.equals(ServiceRunner.OK)) {
            log.warn("{} {} did not come up: {}", service, release, outcome);
        }
    }

    private void stopServices() {
        foreigners.close();
        runners.values().parallelStream().forEach(ServiceRunner::stop);
    }

    private static void requireFreePorts(List<ServiceSpec> services) {
        Map<Integer, Long> taken =
                PortTable.listeners(services.stream().map(ServiceSpec::port).collect(Collectors.toSet()));
        taken.forEach((port, pid) -> {
            throw new ConfigurationException("The demo fleet needs port " + port + ", which process " + pid + " holds ("
                    + PortTable.describe(pid).orElse("unknown") + "): stop it, or set fleet.base-port to four free ports.");
        });
    }

    /** Writes a file of the tools folder and returns it. */
    Path tool(String name) {
        try {
            Files.createDirectories(paths.tools());
            String text = FleetResources.tools().get(name);
            return Files.writeString(paths.tools().resolve(name), text == null ? "" : text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
