package dev.sanca.portal.fleet;

import dev.sanca.portal.git.GitRepository;
import dev.sanca.portal.git.HistoryTemplate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a fleet that is up consists of. */
final class FleetParts {
    private final HistoryTemplate history;
    private final GitRepository repository;
    private final Map<String, ServiceRunner> runners = new LinkedHashMap<>();
    private final Credentials credentials;
    private final Scraper scraper;
    private final Prober prober;
    private final Pulse pulse;
    private final String python;
    private volatile Deployer deployer;

    private FleetParts(FleetPaths paths, FleetProperties properties, List<ServiceSpec> specs, ServiceHttp http) {
        this.python = PythonProgram.resolve(properties.python());
        this.history = FleetResources.history();
        this.repository = FleetFiles.prepare(paths, specs, history);
        this.credentials = Credentials.create(paths.credentials());
        for (ServiceSpec spec : specs) {
            runners.put(spec.name(), new ServiceRunner(spec, paths, python, http, properties.startTimeout()));
        }
        SampleRequest.Catalogue samples = SampleRequest.Catalogue.load();
        this.scraper = new Scraper(specs, http);
        this.prober = new Prober(http, samples, credentials);
        this.deployer = newDeployer(paths);
        Traffic traffic =
                new Traffic(http, properties.basePort(), samples.storefront(), properties.requestsPerSecond());
        this.pulse = new Pulse(traffic, scraper, properties.scrapeInterval());
    }

    /** Makes folders, repository and credentials; starts nothing. */
    static FleetParts make(FleetPaths paths, FleetProperties properties, List<ServiceSpec> specs, ServiceHttp http) {
        return new FleetParts(paths, properties, specs, http);
    }

    /** Back to the first day; no service may run. */
    void reset(FleetPaths paths) {
        repository.resetTo(firstRelease());
        FleetFiles.clear(
                paths,
                firstRelease(),
                runners.values().stream().map(ServiceRunner::spec).toList());
        scraper.clear();
        deployer = newDeployer(paths);
    }

    String firstRelease() {
        return history.newestTag();
    }

    GitRepository repository() {
        return repository;
    }

    Map<String, ServiceRunner> runners() {
        return runners;
    }

    Credentials credentials() {
        return credentials;
    }

    Scraper scraper() {
        return scraper;
    }

    Prober prober() {
        return prober;
    }

    Pulse pulse() {
        return pulse;
    }

    String python() {
        return python;
    }

    Deployer deployer() {
        return deployer;
    }

    private Deployer newDeployer(FleetPaths paths) {
        DeploymentBook book = new DeploymentBook(paths.deployments());
        return new Deployer(paths, repository, book, scraper::ranWell);
    }
}
