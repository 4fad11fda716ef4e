package dev.sanca.host.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sanca.host.HostJson;
import dev.sanca.host.calls.ToolCalls;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolkitRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** Every signature, there and back through the call path; the rows are also called by the engine over the real wire. */
class SignatureTests {
    private static final int LEAST_SIGNATURES = 120;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    @TempDir
    static Path home;

    private static ConfigurableApplicationContext host;

    @BeforeAll
    static void start() {
        host = ContractHost.start(home.toString());
    }

    @AfterAll
    static void stop() {
        host.close();
    }

    @TestFactory
    Stream<DynamicTest> everyValueComesBackAsItWent() {
        return rows().map(row -> dynamicTest(name(row), () -> check(row)));
    }

    @Test
    void everySignatureIsCalledByARow() {
        Set<String> called = rows().map(row -> row.path("tool").asString()).collect(Collectors.toSet());
        Set<String> there = new TreeSet<>();
        int signatures = 0;
        for (var toolkit : host.getBean(ToolkitRegistry.class).definitions()) {
            for (ToolDefinition tool : toolkit.tools()) {
                if (!List.of("card", "host", "streams").contains(toolkit.name())) {
                    there.add(toolkit.name() + "." + tool.name());
                    signatures += Math.max(1, tool.overloads().size());
                }
            }
        }
        there.removeAll(called);
        assertThat(there).containsExactly("results.endless");
        assertThat(signatures).isGreaterThan(LEAST_SIGNATURES);
    }

    private static void check(JsonNode row) {
        String[] name = row.path("tool").asString().split("\\.");
        String context = "{\"call_id\":\"run_c/" + NUMBER.incrementAndGet()
                + "\",\"run_id\":\"run_c\",\"session_id\":\"s\",\"timeout_seconds\":10}";
        String answer = host.getBean(ToolCalls.class)
                .call(name[0], name[1], row.path("arguments").toString(), context);
        JsonNode envelope = HostJson.MAPPER.readTree(answer);
        JsonNode expected = row.path("error");
        if (expected.isMissingNode()) {
            assertThat(envelope.path("value")).as(answer).isEqualTo(row.path("value"));
        } else {
            JsonNode error = envelope.path("error");
            assertThat(error.path("kind").asString(""))
                    .as(answer)
                    .isEqualTo(expected.path("kind").asString());
            assertThat(error.path("message").asString())
                    .contains(expected.path("says").asString());
            assertThat(error.path("argument")).as(answer).isEqualTo(expected.path("argument"));
        }
    }

    private static String name(JsonNode row) {
        String arguments = row.path("arguments").toString();
        return row.path("tool").asString() + " " + arguments.substring(0, Math.min(60, arguments.length()));
    }

    private static Stream<JsonNode> rows() {
        try (InputStream in = SignatureTests.class.getResourceAsStream("/contract/round-trips.jsonl")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().map(HostJson.MAPPER::readTree);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
