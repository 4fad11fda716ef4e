package dev.sanca.portal.fault;

import static dev.sanca.portal.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.system.LogLevel;
import dev.sanca.host.toolkit.system.SystemFacts.PortState;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceHealth;
import dev.sanca.host.toolkit.system.SystemFacts.ServiceState;
import dev.sanca.host.toolkit.system.SystemRepairs.Deletion;
import dev.sanca.portal.PortalTest;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.fleet.FleetSystem;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

/** Each kind of fault with two seeds: it shows, its check says no, a restart does not hide it, a repair turns the check. */
class FaultServiceTests extends PortalTest {
    @Autowired
    private Fleet fleet;

    @Autowired
    private FleetSystem system;

    @Autowired
    private FaultService faults;

    @BeforeEach
    void firstDay() {
        fleet.reset();
        faults.clear();
        eventually("there is traffic", () -> state("payment").latencyP95Ms() > 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {7, 18})
    void aBadSettingIsRepairedByChangingItBack(long seed) {
        Fault fault = inject(FaultKind.BAD_CONFIG, seed);
        eventually("the shop suffers", this::somethingIsWrong);
        assertThat(system.gitLog(fault.service(), null, 1).get(0).message()).isEqualTo(fault.cause("message"));
        assertThat(patchOfNewestRelease(fault)).contains("+" + fault.cause("key"));
        eventually("it is logged", () -> warnings("storefront") || warnings(fault.service()));
        assertThatRestartDoesNotRepair(fault);
        Object before = HostJson.MAPPER.readValue(fault.cause("before"), Object.class);
        assertThat(system.changeConfig(fault.service(), fault.cause("key"), before, "as it was", "operator")
                        .outcome())
                .isEqualTo("ok");
        assertRepaired(fault);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 13})
    void aBugIsRepairedByRollingBack(long seed) {
        Fault fault = inject(FaultKind.BUG_RELEASE, seed);
        eventually("the service reports errors", () -> state(fault.service()).errorRate() > 0.1);
        eventually("the error has a stack that points into its code", () -> hasStack(fault.service(), "app.py"));
        assertThat(system.health(fault.service()).checks().get("requests").ok()).isFalse();
        assertThatRestartDoesNotRepair(fault);
        assertThat(system.rollback(fault.service(), null, "operator").outcome()).isEqualTo("ok");
        assertRepaired(fault);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2}) // 1 draws code that leaks, 2 a tiny pool
    void anExhaustedPoolIsRepairedByRollingBack(long seed) {
        Fault fault = inject(FaultKind.EXHAUSTED_POOL, seed);
        eventually("requests find no connection", () -> logged(fault.service(), "no database connection became free"));
        eventually(
                "the metrics show it",
                () -> newest(fault.service(), "pool_in_use") >= 1
                        && (newest(fault.service(), "pool_in_use") >= newest(fault.service(), "pool_size")
                                || newest(fault.service(), "pool_size") < 4));
        assertThat(faults.check(fault.id()).repaired()).isFalse();
        assertThat(system.rollback(fault.service(), null, "operator").outcome()).isEqualTo("ok");
        assertRepaired(fault);
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 9})
    void aSlowDependencyIsRepairedByRestartingIt(long seed) {
        Fault fault = inject(FaultKind.SLOW_DEPENDENCY, seed);
        String caller = fault.service().equals("checkout") ? "storefront" : "checkout";
        eventually("callers give up", () -> logged(caller, fault.service() + " did not answer within"));
        eventually(
                "it says what holds the lock",
                () -> logged(fault.service(), "table lock held by " + fault.cause("task")));
        eventually("its latency shows", () -> newest(fault.service(), "latency_p95_ms") > 1000);
        assertThat(newest(fault.service(), "error_rate")).isZero();
        assertThat(faults.check(fault.id()).repaired()).isFalse();
        assertThat(system.restart(fault.service(), "operator").outcome()).isEqualTo("ok");
        assertRepaired(fault);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3})
    void aFullDiskIsRepairedByDeletingOldFiles(long seed) {
        Fault fault = inject(FaultKind.DISK_FULL, seed);
        eventually("writes fail", () -> logged(fault.service(), "No space left on device"));
        ServiceHealth health = system.health(fault.service());
        assertThat(health.httpStatus()).isEqualTo(503);
        assertThat(health.checks().get("storage").ok()).isFalse();
        eventually(
                "the metrics show it",
                () -> newest(fault.service(), "disk_used_bytes") >= newest(fault.service(), "disk_quota_bytes") * 0.95);
        assertThat(system.diskUsage(fault.service()).entries().get(0).path()).startsWith(fault.cause("folder") + "/");
        assertThatRestartDoesNotRepair(fault);
        Deletion done = system.deleteFiles(fault.service(), fault.cause("folder") + "/*", 60, "operator");
        assertThat(done.deleted()).isEqualTo(Integer.parseInt(fault.cause("files")));
        eventually("it breathes again", () -> system.health(fault.service()).httpStatus() == 200);
        assertRepaired(fault);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 3})
    void aPortClashIsRepairedByStoppingTheOtherProcess(long seed) {
        Fault fault = inject(FaultKind.PORT_CLASH, seed);
        assertThat(state(fault.service()).status()).isEqualTo("down");
        assertThat(logged(fault.service(), "Address already in use")).isTrue();
        assertThat(system.deployments(fault.service(), 1).get(0).outcome()).contains("Address already in use");
        PortState port =
                system.ports().stream().filter(PortState::conflict).findFirst().orElseThrow();
        assertThat(port.service()).isEqualTo(fault.service());
        assertThat(port.process()).contains(fault.cause("program"));
        assertThat(system.restart(fault.service(), "operator").outcome()).startsWith("failed");
        assertThat(faults.check(fault.id()).repaired()).isFalse();
        assertThat(system.stopProcess(port.pid(), "it holds our port", "operator")
                        .stopped())
                .isTrue();
        assertThat(faults.check(fault.id()).repaired()).isFalse();
        assertThat(system.restart(fault.service(), "operator").outcome()).isEqualTo("ok");
        assertRepaired(fault);
    }

    @Test
    void twoAtOnceHitTwoServicesAndAreRepairedOneByOne() {
        List<Fault> both = faults.inject(FaultKind.BUG_RELEASE, 4, 2);
        assertThat(both).extracting(Fault::service).doesNotHaveDuplicates();
        for (Fault fault : both) {
            eventually(
                    fault.service() + " fails",
                    () -> system.probe(fault.service(), "", 4).failed() > 0);
            assertThat(faults.check(fault.id()).repaired()).isFalse();
        }
        both.forEach(fault -> system.rollback(fault.service(), null, "operator"));
        both.forEach(this::assertRepaired);
    }

    @Test
    void differentKindsAreDrawnWhenNoneIsGiven() {
        assertThat(faults.inject(null, 3, 3)).extracting(Fault::kind).doesNotHaveDuplicates();
        assertThat(faults.all()).extracting(Fault::service).doesNotHaveDuplicates();
    }

    @Test
    void aServiceWithAnOpenFaultGetsNoOther() {
        faults.inject(FaultKind.DISK_FULL, 1, 4);
        assertThatThrownBy(() -> faults.inject(FaultKind.BUG_RELEASE, 1, 1))
                .isInstanceOf(ToolFailedException.class)
                .hasMessageContaining("repair the open faults first");
    }

    @Test
    void aResetBringsTheFirstDayBack() {
        faults.inject(null, 5, 3);
        fleet.reset();
        faults.clear();
        assertThat(system.services()).extracting(ServiceState::status).containsOnly("up");
        assertThat(system.releases(null, 1).get(0).tag()).isEqualTo("v1.5.2");
        assertThat(system.ports()).noneMatch(PortState::conflict);
        assertThat(system.probe("storefront", "", 12).failed()).isZero();
    }

    private Fault inject(FaultKind kind, long seed) {
        Fault fault = faults.inject(kind, seed, 1).get(0);
        assertThat(fault.kind()).isEqualTo(kind);
        return fault;
    }

    private void assertThatRestartDoesNotRepair(Fault fault) {
        assertThat(faults.check(fault.id()).repaired()).isFalse();
        system.restart(fault.service(), "operator");
        assertThat(faults.check(fault.id()).repaired()).isFalse();
    }

    private void assertRepaired(Fault fault) {
        FaultService.CheckResult result = faults.check(fault.id());
        assertThat(result.repaired())
                .as(fault.description() + " " + result.details())
                .isTrue();
        assertThat(faults.all())
                .filteredOn(each -> each.id().equals(fault.id()))
                .allMatch(Fault::repaired);
    }

    private boolean somethingIsWrong() {
        return system.services().stream().anyMatch(service -> !service.status().equals("up"));
    }

    private ServiceState state(String service) {
        return system.services().stream()
                .filter(state -> state.name().equals(service))
                .findFirst()
                .orElseThrow();
    }

    private boolean warnings(String service) {
        return !system.logs(service, LogLevel.WARN, null, 5, 5).isEmpty();
    }

    private boolean logged(String service, String text) {
        return !system.logs(service, LogLevel.WARN, text, 5, 5).isEmpty();
    }

    private boolean hasStack(String service, String text) {
        return system.logs(service, LogLevel.ERROR, text, 5, 5).stream()
                .anyMatch(entry -> entry.stack() != null && entry.stack().contains(text));
    }

    private String patchOfNewestRelease(Fault fault) {
        return system.gitDiff("v1.5.2", "main", null, fault.service())
                .files()
                .get(0)
                .patch();
    }

    private double newest(String service, String metric) {
        return system.metrics(service, List.of(metric), 5).get(metric).stream()
                .reduce((first, second) -> second)
                .map(point -> point.value())
                .orElse(0.0);
    }
}
