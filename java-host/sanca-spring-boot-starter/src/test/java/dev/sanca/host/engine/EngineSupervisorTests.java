package dev.sanca.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sanca.host.SancaHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The supervisor with real processes: shell scripts that stand where the engine's Python stands. */
class EngineSupervisorTests {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    Path folder;

    private ConfigurableApplicationContext host;

    @BeforeEach
    void make() throws IOException {
        Files.createDirectories(folder);
    }

    @AfterEach
    void stop() {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void anEngineThatEndsIsSaidWithItsLastLinesAndStartedAgainWithGrowingPauses() throws IOException {
        start("echo started >> \"$SANCA_HOME/starts\"; echo 'ModuleNotFoundError: sanca' >&2; exit 7");
        await().atMost(PATIENCE)
                .until(() ->
                        state().sentence().contains("exit code 7: ModuleNotFoundError: sanca Trying again in 1.0 s"));
        assertThat(state().phase()).isEqualTo(EngineState.Phase.DOWN);
        assertThat(Files.readAllLines(folder.resolve("starts"))).hasSize(2);
        assertThat(folder.resolve("logs/engine.log")).content().contains("ModuleNotFoundError");
    }

    @Test
    void withoutPythonTheHostStaysUpAndSaysTheMend() {
        host = run("--sanca.engine.python=/no/such/python");
        await().atMost(PATIENCE).until(() -> state().phase() == EngineState.Phase.DOWN);
        assertThat(state().sentence()).contains("set sanca.engine.python to the Python that has sanca installed");
        assertThat(host.isActive()).isTrue();
    }

    @Test
    void stoppingTheHostStopsTheWholeTreeAlsoOneThatIgnoresTheFirstSignal() throws IOException {
        start(
                "trap '' TERM; sleep 300 & echo $! > \"$SANCA_HOME/child\"; echo $$ > \"$SANCA_HOME/parent\"; wait; wait");
        await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("parent")));
        long parent = pid("parent");
        long child = pid("child");
        assertThat(isAlive(parent)).isTrue();
        host.close();
        await().atMost(PATIENCE).until(() -> !isAlive(parent) && !isAlive(child));
    }

    @Test
    void aLivingEngineIsAttachedToAndNotStopped() throws IOException {
        try (ScriptedEngine engine = new ScriptedEngine(folder)) {
            start("echo no >> \"$SANCA_HOME/starts\"");
            await().atMost(PATIENCE).until(() -> state().phase() == EngineState.Phase.UP);
            assertThat(state().sentence()).startsWith("Attached to the engine process");
            host.close();
            assertThat(folder.resolve("engine.json")).exists();
            assertThat(folder.resolve("starts")).doesNotExist();
            assertThat(engine.started).isEmpty();
        }
    }

    @Test
    void theFileOfADeadEngineIsNoEngine() throws IOException {
        Files.writeString(
                folder.resolve("engine.json"),
                "{\"address\":\"127.0.0.1:1\",\"token\":\"x\",\"pid\":4194303,\"startedAt\":\"\",\"version\":\"\"}");
        start("echo started > \"$SANCA_HOME/starts\"; sleep 300");
        await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("starts")));
        assertThat(folder.resolve("engine.json")).doesNotExist();
    }

    @Test
    void theEngineSeesOnlyItsOwnPartOfTheEnvironment() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "PATH", "/bin",
                "LC_ALL", "C",
                "OPENAI_API_KEY", "k",
                "ANTHROPIC_API_KEY", "k",
                "https_proxy", "p",
                "SPRING_DATASOURCE_PASSWORD", "secret",
                "AWS_SECRET_ACCESS_KEY", "secret",
                "XPATH", "no"));
        EngineProcess.reduce(environment, new SancaHome(Path.of("/state")));
        assertThat(environment)
                .containsOnlyKeys("PATH", "LC_ALL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "https_proxy", "SANCA_HOME")
                .containsEntry("SANCA_HOME", "/state");
    }

    @Test
    void pausesDoubleUpToHalfAMinute() {
        BackOff backOff = new BackOff();
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            millis.add(backOff.next().toMillis());
        }
        assertThat(millis).containsExactly(500L, 1_000L, 2_000L, 4_000L, 8_000L, 16_000L, 30_000L, 30_000L);
    }

    private void start(String script) throws IOException {
        Path file = Files.writeString(folder.resolve("engine.sh"), script + "\n");
        host = run("--sanca.engine.command=sh," + file, "--sanca.engine.stop-timeout=1s");
    }

    private ConfigurableApplicationContext run(String... more) {
        return new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.gateway.port=0", "sanca.home=" + folder)
                .run(more);
    }

    private EngineState state() {
        return host.getBean(EngineStatus.class).state();
    }

    private long pid(String name) throws IOException {
        return Long.parseLong(Files.readString(folder.resolve(name)).strip());
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @EnableAutoConfiguration
    static class Host {}
}
