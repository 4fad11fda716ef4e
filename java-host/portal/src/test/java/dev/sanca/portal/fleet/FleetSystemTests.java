package dev.sanca.portal.fleet;

import static dev.sanca.portal.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.system.LogLevel;
import dev.sanca.host.toolkit.system.SystemFacts;
import dev.sanca.host.toolkit.system.SystemFacts.LogEntry;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceState;
import dev.sanca.host.toolkit.system.SystemRepairs.ConfigChange;
import dev.sanca.host.toolkit.system.SystemRepairs.Redeployment;
import dev.sanca.portal.PortalTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

class FleetSystemTests extends PortalTest {
    private static final String NEWEST = "v1.5.2";

    @Autowired
    private Fleet fleet;

    @Autowired
    private FleetSystem system;

    @BeforeEach
    void firstDay() {
        fleet.reset();
    }

    @Test
    void allServicesAreUpAndDoTheirWork() {
        assertThat(system.services()).extracting(ServiceState::status).containsOnly("up");
        assertThat(system.services()).extracting(ServiceState::release).containsOnly(NEWEST);
        for (String service : List.of("storefront", "checkout", "payment", "inventory")) {
            assertThat(system.probe(service, "", 12).failed()).as(service).isZero();
        }
    }

    @Test
    void trafficShowsInLogsAndMetricsWithOneTraceIdAllTheWay() {
        eventually("requests are counted", () -> newest("checkout", "requests_per_second") > 1);
        eventually("orders are logged", () -> !orders("checkout").isEmpty());
        String trace = orders("checkout").get(0).traceId();
        for (String service : List.of("storefront", "payment", "inventory")) {
            eventually(
                    service + " logs the same request",
                    () -> !system.logs(service, null, trace, 5, 50).isEmpty());
        }
        assertThat(newest("payment", "disk_quota_bytes")).isEqualTo(25_165_824);
        assertThat(newest("payment", "memory_mb")).isGreaterThan(5);
    }

    @Test
    void theHistoryIsThatOfATeam() {
        assertThat(system.gitLog(null, null, 100)).hasSizeGreaterThanOrEqualTo(8);
        assertThat(system.gitLog(null, null, 100)).extracting("author").contains("Mara Lindqvist", "Li Na");
        assertThat(system.releases(null, 100))
                .extracting("tag")
                .startsWith(NEWEST, "v1.5.1", "v1.5.0")
                .endsWith("v1.0.0");
        assertThat(system.releases("payment", 100))
                .allSatisfy(release -> assertThat(release.services()).contains("payment"));
        assertThat(system.gitDiff("v1.4.0", "v1.4.1", null, "checkout")
                        .files()
                        .get(0)
                        .patch())
                .contains("+dependencies.payment.timeout_ms = 2500");
    }

    @Test
    void everyReleaseOfEveryServiceStarts() {
        List<String> services = fleet.specs().stream().map(ServiceSpec::name).toList();
        List<String> tags = system.releases(null, 100).stream()
                .map(SystemFacts.Release::tag)
                .toList();
        for (String tag : tags) {
            assertThat(services.parallelStream()
                            .map(service ->
                                    system.deploy(service, tag, "developer").outcome()))
                    .as(tag)
                    .containsOnly("ok");
        }
    }

    @Test
    void aDeployReplacesTheProcessAndIsRecorded() {
        long before = pid("payment");
        Redeployment done = system.deploy("payment", "v1.5.0", "developer");
        assertThat(done.previousRelease()).isEqualTo(NEWEST);
        assertThat(done.pid()).isNotEqualTo(before).isEqualTo(pid("payment"));
        assertThat(ProcessHandle.of(before)).isEmpty();
        assertThat(system.deployments("payment", 1).get(0)).satisfies(deployment -> {
            assertThat(deployment.by()).isEqualTo("developer");
            assertThat(deployment.kind()).isEqualTo("deploy");
            assertThat(deployment.release()).isEqualTo("v1.5.0");
        });
        assertThat(system.rollback("payment", null, "operator").release()).isEqualTo(NEWEST);
    }

    @Test
    void changingASettingCommitsTagsAndDeploysInTheUsersName() {
        ConfigChange done = system.changeConfig("checkout", "shipping.days", 3.0, "holidays", "developer");
        assertThat(done.before()).isEqualTo(2L);
        assertThat(done.release()).isEqualTo("v1.5.3");
        assertThat(done.outcome()).isEqualTo("ok");
        assertThat(system.config("checkout", null).values()).containsEntry("shipping.days", 3L);
        assertThat(system.config("checkout", NEWEST).values()).containsEntry("shipping.days", 2L);
        assertThat(system.gitLog("checkout", null, 1).get(0)).satisfies(commit -> {
            assertThat(commit.author()).isEqualTo("developer");
            assertThat(commit.message()).isEqualTo("checkout: holidays");
            assertThat(commit.commit()).isEqualTo(done.commit());
        });
    }

    @Test
    void aReleaseThatDoesNotStartSaysWhyAndStaysDeployed() {
        ConfigChange done = system.changeConfig("inventory", "database.file", "no/such/folder.db", "try", "developer");
        assertThat(done.outcome())
                .startsWith("failed: the process ended with code 1")
                .contains("unable to open database");
        assertThat(system.services().get(3).status()).isEqualTo("down");
        assertThat(system.services().get(3).release()).isEqualTo("v1.5.3");
        assertThat(system.logs("inventory", LogLevel.ERROR, null, 5, 5)).last().satisfies(entry -> {
            assertThat(entry.stack()).contains("Traceback");
        });
        assertThat(system.rollback("inventory", null, "operator").outcome()).isEqualTo("ok");
    }

    @Test
    void aChangeAfterARollbackDoesNotBringTheBadReleaseBack() {
        system.changeConfig("payment", "charges.currency", "EURO", "by name", "developer");
        system.rollback("payment", NEWEST, "operator");
        system.changeConfig("payment", "fees.standard_permille", 23, "new contract", "developer");
        assertThat(system.config("payment", null).values()).containsEntry("charges.currency", "EUR");
        assertThat(system.probe("payment", "", 4).failed()).isZero();
    }

    @Test
    void portsNameTheProcessesThatListen() {
        assertThat(system.ports()).allSatisfy(port -> {
            assertThat(port.conflict()).isFalse();
            assertThat(port.pid()).isEqualTo(port.expectedPid());
            assertThat(port.process()).contains("services/" + port.service() + "/app.py");
        });
    }

    @Test
    void onlyAProcessThatHoldsAForeignPortIsStopped() {
        assertThatThrownBy(() -> system.stopProcess(ProcessHandle.current().pid(), "why not", "operator"))
                .isInstanceOf(ToolArgumentException.class)
                .hasMessageContaining("holds no service's port");
        assertThatThrownBy(() -> system.stopProcess(pid("checkout"), "why not", "operator"))
                .isInstanceOf(ToolArgumentException.class)
                .hasMessageContaining("is checkout itself");
    }

    @Test
    void whatDoesNotExistIsRefusedInOneSentence() {
        assertThatThrownBy(() -> system.health("shipping"))
                .hasMessageContaining("the services are storefront, checkout");
        assertThatThrownBy(() -> system.deploy("checkout", "v9.0.0", "d")).hasMessage("There is no release 'v9.0.0'.");
        assertThatThrownBy(() -> system.config("checkout", "nowhere")).isInstanceOf(ToolArgumentException.class);
        assertThatThrownBy(() -> system.metrics("checkout", List.of("speed"), 5))
                .hasMessageContaining("no metric 'speed'");
        assertThatThrownBy(() -> system.changeConfig("checkout", "no.key", 1, "r", "d"))
                .hasMessageContaining("no setting");
        assertThatThrownBy(() -> system.probe("checkout", "/admin/maintenance", 1))
                .isInstanceOf(ToolArgumentException.class);
        assertThatThrownBy(() -> system.deploy("../..", "v1.0.0", "d")).isInstanceOf(ToolArgumentException.class);
        assertThatThrownBy(() -> system.deploy("checkout", "../../x", "d")).isInstanceOf(ToolArgumentException.class);
    }

    private List<LogEntry> orders(String service) {
        return system.logs(service, LogLevel.INFO, "charged as", 5, 5);
    }

    private double newest(String service, String metric) {
        List<Double> values = system.metrics(service, List.of(metric), 5).get(metric).stream()
                .map(point -> point.value())
                .toList();
        return values.isEmpty() ? 0 : values.get(values.size() - 1);
    }

    private long pid(String service) {
        return system.services().stream()
                .filter(state -> state.name().equals(service))
                .map(ServiceState::pid)
                .findFirst()
                .orElseThrow();
    }
}
