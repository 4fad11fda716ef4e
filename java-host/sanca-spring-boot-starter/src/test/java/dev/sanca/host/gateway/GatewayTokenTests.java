package dev.sanca.host.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** A host whose gateway gets new tokens while it runs. */
class GatewayTokenTests {
    @TempDir
    Path home;

    @Test
    void aNewTokenIsWrittenAtOnceAndForTheOwnerOnly() throws IOException {
        try (ConfigurableApplicationContext host = start()) {
            JsonNode before = file();
            host.getBean(GatewayControl.class).rotateToken();
            JsonNode after = file();
            assertThat(after.path("token").asString())
                    .isNotEqualTo(before.path("token").asString());
            assertThat(after.path("port").asInt()).isEqualTo(before.path("port").asInt());
            assertThat(after.path("startedAt").asString())
                    .isEqualTo(before.path("startedAt").asString());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("gateway.json"))))
                    .isEqualTo("rw-------");
        }
        assertThat(home.resolve("gateway.json")).doesNotExist();
    }

    @Test
    void theScheduleMakesNewTokens() throws Exception {
        try (ConfigurableApplicationContext host = start("--sanca.gateway.token-lifetime=100ms")) {
            Instant begun = host.getBean(GatewayLifecycle.class).tokenSince();
            Instant end = Instant.now().plus(Duration.ofSeconds(10));
            while (host.getBean(GatewayLifecycle.class).tokenSince().equals(begun)) {
                assertThat(Instant.now()).isBefore(end);
                Thread.sleep(10); // nobody tells
            }
        }
    }

    @Test
    void theEndpointMakesOneAndShowsNone() throws IOException {
        try (ConfigurableApplicationContext host =
                start("--spring.jmx.enabled=true", "--management.endpoints.jmx.exposure.include=sancagateway")) {
            String before = file().path("token").asString();
            GatewayEndpoint endpoint = host.getBean(GatewayEndpoint.class);
            String said = endpoint.rotateToken().toString();
            String after = file().path("token").asString();
            assertThat(after).isNotEqualTo(before);
            assertThat(said).contains("open=true").doesNotContain(before).doesNotContain(after);
        }
    }

    @Test
    void withoutBeingExposedThereIsNoEndpoint() {
        try (ConfigurableApplicationContext host = start()) {
            assertThat(host.getBeansOfType(GatewayEndpoint.class)).isEmpty();
        }
    }

    private JsonNode file() throws IOException {
        return HostJson.MAPPER.readTree(Files.readString(home.resolve("gateway.json")));
    }

    private ConfigurableApplicationContext start(String... more) {
        return new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.engine.enabled=false", "sanca.gateway.port=0")
                .properties("sanca.home=" + home)
                .run(more);
    }

    @EnableAutoConfiguration
    static class Host {}
}
