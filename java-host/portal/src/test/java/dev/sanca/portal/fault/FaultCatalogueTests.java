package dev.sanca.portal.fault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.portal.PortalTest;
import dev.sanca.portal.fault.FaultCatalogue.Bug;
import dev.sanca.portal.fault.FaultCatalogue.Edit;
import dev.sanca.portal.fault.FaultCatalogue.Setting;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.fleet.FleetOperations;
import dev.sanca.portal.fleet.FleetSystem;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

/** Every entry of the catalogue fits the code that runs, and every bug really breaks requests. */
class FaultCatalogueTests extends PortalTest {
    private static final FaultCatalogue CATALOGUE = FaultCatalogue.load();
    private static final String HEALTHY = "v1.5.2";

    @Autowired
    private Fleet fleet;

    @Autowired
    private FleetSystem system;

    private FleetOperations operations;

    @BeforeEach
    void firstDay() {
        fleet.reset();
        operations = new FleetOperations(fleet);
    }

    @ParameterizedTest
    @ValueSource(strings = {"storefront", "checkout", "payment", "inventory"})
    void everyBugBreaksRequestsOnceReleased(String service) {
        List<Bug> bugs = Objects.requireNonNull(CATALOGUE.bugRelease().get(service));
        assertThat(bugs).hasSizeGreaterThanOrEqualTo(4);
        BugRelease maker = new BugRelease(operations, CATALOGUE.bugRelease());
        for (int i = 0; i < bugs.size(); i++) {
            Map<String, String> cause = Map.of(
                    "bug",
                    Integer.toString(i),
                    "author",
                    "T <t@shop.example>",
                    "message",
                    bugs.get(i).message());
            Fault fault = new Fault("x", FaultKind.BUG_RELEASE, service, Instant.now(), "", false, cause);
            assertThat(maker.remains(fault))
                    .as("before: " + bugs.get(i).means())
                    .isEmpty();
            maker.make(new Draft(service, "", cause));
            assertThat(system.probe(service, "", 6).failed())
                    .as(bugs.get(i).means())
                    .isPositive();
            assertThat(maker.remains(fault)).as("after: " + bugs.get(i).means()).isPresent();
            system.rollback(service, HEALTHY, "operator");
        }
        assertThat(system.probe(service, "", 12).failed()).isZero();
    }

    @Test
    void everyLeakFitsTheCode() {
        CATALOGUE.exhaustedPool().leaks().forEach((service, leak) -> {
            String path = fleet.spec(service).codePath();
            String code = operations.deployedFile(service, path);
            assertThat(new Edit(leak.before(), leak.after()).applyTo(path, code))
                    .contains("service.pool.acquire()");
        });
    }

    @Test
    void everySettingExistsAndNoWrongValueIsSane() {
        for (Setting setting : CATALOGUE.badConfig()) {
            for (String service : setting.services()) {
                Object now = operations.deployedConfig(service).values().get(setting.key());
                assertThat(now).as(service + " " + setting.key()).isNotNull();
                String before = HostJson.MAPPER.writeValueAsString(now);
                String min = setting.min() == null ? "" : setting.min().toString();
                String max = setting.max() == null ? "" : setting.max().toString();
                assertThat(Settings.isSane(now, before, min, max)).isTrue();
                for (Object wrong : Optional.ofNullable(setting.values()).orElse(List.of())) {
                    assertThat(Settings.isSane(wrong, before, min, max))
                            .as(setting.key() + " = " + wrong)
                            .isFalse();
                }
            }
        }
    }

    @Test
    void theSameSeedDrawsTheSame() {
        List<String> services = List.of("storefront", "checkout", "payment", "inventory");
        List<FaultMaker> makers = List.of(
                new BadConfig(operations, CATALOGUE.badConfig()),
                new BugRelease(operations, CATALOGUE.bugRelease()),
                new ExhaustedPool(operations, CATALOGUE.exhaustedPool()),
                new SlowDependency(operations, CATALOGUE.slowDependency()),
                new DiskFull(operations, CATALOGUE.diskFull()),
                new PortClash(operations, system, CATALOGUE.portClash()));
        for (FaultMaker maker : makers) {
            for (long seed = 0; seed < 20; seed++) {
                assertThat(maker.draw(new Dice(seed), services)).isEqualTo(maker.draw(new Dice(seed), services));
            }
            assertThat(LongStream.range(0, 20)
                            .mapToObj(seed -> maker.draw(new Dice(seed), services))
                            .distinct())
                    .hasSizeGreaterThan(4);
            assertThat(maker.draw(new Dice(1), List.of())).isEmpty();
        }
    }
}
