package dev.sanca.host.calls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.Approval;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.springframework.context.annotation.Bean;
import tools.jackson.databind.JsonNode;

/** Long texts beside the JSON of a call: the same call as with all of it in the JSON, record and rights included. */
class LongTextsTests {
    private static final String HEAD = "{\"ok\":true,\"text\":true,\"replayed\":false}\n";
    private static final String LONG = "line \"one\"\r\n你好 \\ 🐍\0,\"replayed\":false}".repeat(3_000);

    @TempDir
    Path home;

    private ConfigurableApplicationContext host;

    @BeforeEach
    void start() {
        host = new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.engine.enabled=false", "sanca.gateway.port=0")
                .properties("sanca.access.local-rights=*", "sanca.home=" + home)
                .run();
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aLongTextOfAReadIsAnsweredAsItIsToWhoTakesIt() {
        assertThat(call("echo", Map.of("text", LONG), 1, true)).isEqualTo(HEAD + LONG);
        assertThat(call("echo", Map.of("text", LONG), 1, true)).isEqualTo(HEAD + LONG); // not kept: read again
        assertThat(read(call("echo", Map.of("text", LONG), 2, false))
                        .path("value")
                        .asString())
                .isEqualTo(LONG);
        assertThat(read(call("echo", Map.of("text", "short"), 3, true))
                        .path("value")
                        .asString())
                .isEqualTo("short");
    }

    @Test
    void anEffectIsAnsweredInJsonAndFromTheRecordWhenItComesAgain() {
        JsonNode first = read(call("append", Map.of("text", LONG), 1, true));
        JsonNode again = read(call("append", Map.of("text", LONG), 1, true));
        assertThat(first.path("value").asString()).isEqualTo(LONG);
        assertThat(again.path("replayed").asBoolean()).isTrue();
        JsonNode other = read(call("append", Map.of("text", LONG + "x"), 1, true));
        assertThat(other.path("error").path("kind").asString()).isEqualTo("conflict");
        assertThat(kit().appended).containsExactly(LONG);
    }

    @Test
    void anEffectIsTheSameWhetherItsTextCameBesideTheJsonOrInIt() {
        call("append", Map.of("text", LONG), 1, true);
        String json = HostJson.MAPPER.writeValueAsString(Map.of("text", LONG));
        JsonNode again = read(calls().call("demo", "append", json, context(1, false)));
        assertThat(again.path("replayed").asBoolean()).isTrue();
        assertThat(kit().appended).hasSize(1);
    }

    @Test
    void aTextBesideReachesNoToolThatNeedsAnApproval() {
        JsonNode refused = read(call("approved", Map.of("text", LONG), 1, true));
        assertThat(refused.path("error").path("kind").asString()).isEqualTo("approval_required");
        assertThat(kit().appended).isEmpty();
    }

    @Test
    void textsAreNamedArgumentsLikeOthers() {
        JsonNode unknown = read(call("echo", Map.of("texd", LONG), 1, true));
        assertThat(unknown.path("error").path("argument").asString()).isEqualTo("texd");
        assertThat(unknown.path("error").path("near").get(0).asString()).isEqualTo("text");
        JsonNode noObject = read(calls().call("demo", "echo", "[]", context(2, true), Map.of("text", LONG)));
        assertThat(noObject.path("error").path("kind").asString()).isEqualTo("argument");
    }

    private String call(String tool, Map<String, String> texts, int number, boolean takesTexts) {
        return calls().call("demo", tool, "{}", context(number, takesTexts), texts);
    }

    private static String context(int number, boolean takesTexts) {
        return "{\"call_id\":\"run_t/" + number + "\",\"run_id\":\"run_t\",\"session_id\":\"s\",\"tenant\":\"t\","
                + "\"user\":\"u\",\"timeout_seconds\":20,\"texts\":" + takesTexts + "}";
    }

    private static JsonNode read(String envelope) {
        return HostJson.MAPPER.readTree(envelope);
    }

    private ToolCalls calls() {
        return host.getBean(ToolCalls.class);
    }

    private Kit kit() {
        return host.getBean(Kit.class);
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        Kit kit() {
            return new Kit();
        }
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        final List<String> appended = new ArrayList<>();

        @ToolMethod(description = "Echoes.")
        String echo(String text) {
            return text;
        }

        @ToolMethod(description = "Appends.", effect = Effect.WRITE, approval = Approval.NEVER)
        String append(String text) {
            appended.add(text);
            return text;
        }

        @ToolMethod(description = "Appends after approval.", effect = Effect.WRITE, approval = Approval.ALWAYS)
        String approved(String text) {
            return append(text);
        }
    }
}
