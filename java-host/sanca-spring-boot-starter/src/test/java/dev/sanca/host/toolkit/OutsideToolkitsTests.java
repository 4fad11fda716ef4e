package dev.sanca.host.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.agent.Agent;
import dev.sanca.host.toolkit.agent.AgentDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.ai.chat.model.ToolContext;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;
import org.springframework.ai.tool.definition.DefaultToolDefinition;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import tools.jackson.databind.JsonNode;

/** Toolkits that are not written for sanca: Spring AI tools, MCP servers, agents; and the cards that come along. */
class OutsideToolkitsTests {
    private static final CallContext CONTEXT =
            new CallContext("run_1/1", "run_1", "ses_1", "default", "ann", List.of(), "chat", "t", 30, null);

    @TempDir
    Path home;

    @Test
    void configuredServersAndAgentsJoinWhatAPersonWrote() throws IOException {
        Files.writeString(
                home.resolve("toolkits.json"), "{\"mcpServers\":{\"mine\":{\"url\":\"http://localhost:1\"}},\"x\":1}");
        run(
                        "--sanca.mcp.servers.runbooks.command=python3",
                        "--sanca.mcp.servers.runbooks.args=-m,runbooks",
                        "--sanca.mcp.servers.runbooks.trust=hints",
                        "--sanca.mcp.servers.runbooks.reads=find*,read",
                        "--sanca.agents.change-reviewer.url=http://127.0.0.1:9/",
                        "--sanca.agents.change-reviewer.trust=untrusted",
                        "--sanca.agents.change-reviewer.late-seconds=60")
                .close();
        assertThat(HostJson.MAPPER.readTree(Files.readString(home.resolve("toolkits.json"))))
                .isEqualTo(HostJson.MAPPER.readTree("""
                {"mcpServers":{"mine":{"url":"http://localhost:1"},"runbooks":{"command":"python3","args":["-m","runbooks"],
                 "trust":"hints","reads":["find*","read"]}},
                 "x":1,"agents":{"change_reviewer":{"url":"http://127.0.0.1:9/","trust":"untrusted","late_seconds":60.0}}}"""));
    }

    @Test
    void agentsThatABeanKnowsAreToldToTheEngine() {
        try (ConfigurableApplicationContext host = run()) {
            String told = host.getBean(ToolkitRegistry.class).describeToEngine();
            assertThat(HostJson.MAPPER.readTree(told).path("agents").toString())
                    .isEqualTo("{\"known\":{\"url\":\"http://127.0.0.1:9/\"}}");
        }
    }

    @Test
    void aServerWithoutCommandAndUrlIsAConfigurationError() {
        assertThatThrownBy(() -> run("--sanca.mcp.servers.empty.args=x"))
                .rootCause()
                .hasMessage("sanca.mcp.servers.empty needs either a command or a url.");
    }

    @Test
    void springAiToolsAreWritesThatAskFirst() throws Exception {
        try (ConfigurableApplicationContext host = run()) {
            ToolkitRegistry.RegisteredTool tool =
                    host.getBean(ToolkitRegistry.class).find("portal_tools", "open_ticket");
            assertThat(tool.definition().needsApproval()).isTrue();
            assertThat(tool.definition().inputSchema().path("required").path(0).asString())
                    .isEqualTo("title");
            Object result = tool.toolkit().call("open_ticket", HostJson.MAPPER.readTree("{\"title\":\"x\"}"), CONTEXT);
            assertThat(String.valueOf(result)).isEqualTo("{\"opened\":{\"title\":\"x\"}}");
        }
    }

    @Test
    void methodsWithSpringAisAnnotationAreToolsAsTheyAre() throws Exception {
        try (ConfigurableApplicationContext host = run(
                "--sanca.spring-ai.tools.count-stock.effect=READ",
                "--sanca.spring-ai.tools.count-stock.right=stock:read",
                "--sanca.spring-ai.tools.count-stock.alternative=open_ticket",
                "--sanca.spring-ai.tools.count-stock.verified-by=result > 0")) {
            ToolkitRegistry.RegisteredTool tool =
                    host.getBean(ToolkitRegistry.class).find("portal_tools", "count_stock");
            assertThat(tool.definition().effect()).isEqualTo(Effect.READ);
            assertThat(tool.definition().right()).isEqualTo("stock:read");
            assertThat(tool.definition().alternative()).isEqualTo("open_ticket");
            assertThat(tool.definition().verifiedBy()).isEqualTo("result > 0");
            assertThat(tool.definition().description()).isEqualTo("Counts what is there.");
            JsonNode arguments = HostJson.MAPPER.readTree("{\"article\":\"雨伞\",\"only\":[\"a\",\"b\"]}");
            Object result = tool.toolkit().call("count_stock", arguments, CONTEXT);
            assertThat(String.valueOf(result)).isEqualTo("{\"article\":\"雨伞\",\"amount\":2,\"askedBy\":\"ann\"}");
            assertThatThrownBy(() -> tool.toolkit()
                            .call("count_stock", HostJson.MAPPER.readTree("{\"article\":\"\",\"only\":[]}"), CONTEXT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no article");
        }
    }

    @Test
    void cardsSayWhatToShow() throws Exception {
        try (ConfigurableApplicationContext host = run()) {
            ToolkitRegistry registry = host.getBean(ToolkitRegistry.class);
            JsonNode chart = card(registry, "line_chart", "{\"title\":\"T\",\"series\":{\"a\":[1,[2,3]]}}");
            assertThat(chart.path("kind").asString()).isEqualTo("line_chart");
            assertThat(chart.path("surface_id").asString()).startsWith("card_");
            assertThat(chart.path("series").toString()).isEqualTo("{\"a\":[1,[2,3]]}");
            assertThat(chart.has("unit")).isFalse();
            JsonNode links = card(
                    registry, "links", "{\"title\":\"T\",\"items\":[{\"label\":\"Orders\",\"url\":\"/orders/17\"}]}");
            assertThat(links.path("items").toString()).isEqualTo("[{\"label\":\"Orders\",\"url\":\"/orders/17\"}]");
            JsonNode progress = card(registry, "progress", "{\"title\":\"T\",\"value\":0.5,\"card_id\":\"p\"}");
            assertThat(progress.path("surface_id").asString()).isEqualTo("p");
            JsonNode form = card(
                    registry,
                    "form",
                    "{\"title\":\"T\",\"fields\":[{\"name\":\"n\",\"type\":\"number\",\"default\":3},{\"name\":\"m\"}]}");
            assertThat(form.path("fields").toString())
                    .contains("\"type\":\"number\"", "\"default\":3", "\"type\":\"text\"", "\"required\":false");
            assertThat(registry.find("card", "form").definition().interaction()).isEqualTo(Interaction.FORM);
            assertThat(registry.find("card", "approve").definition().needsApproval())
                    .isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"javascript:alert(1)", " javascript:x", "data:text/html,x", "//evil.example", "/\\\\evil", "x"})
    void aLinkThatWouldRunSomethingIsRefused(String url) {
        try (ConfigurableApplicationContext host = run()) {
            ToolkitRegistry registry = host.getBean(ToolkitRegistry.class);
            String item = "{\"title\":\"T\",\"items\":[{\"label\":\"L\",\"url\":\"" + url + "\"}]}";
            assertThatThrownBy(() -> card(registry, "links", item))
                    .isInstanceOf(ToolArgumentException.class)
                    .hasMessageContaining("no address that a card may lead to");
        }
    }

    private static JsonNode card(ToolkitRegistry registry, String tool, String arguments) throws Exception {
        Object result = registry.find("card", tool).toolkit().call(tool, HostJson.MAPPER.readTree(arguments), CONTEXT);
        return HostJson.MAPPER.<JsonNode>valueToTree(result).path("card");
    }

    private ConfigurableApplicationContext run(String... more) {
        return new SpringApplicationBuilder(Host.class)
                .web(WebApplicationType.NONE)
                .properties("spring.main.banner-mode=off", "sanca.gateway.port=0", "sanca.engine.enabled=false")
                .properties("sanca.home=" + home)
                .run(more);
    }

    record Stock(String article, int amount, String askedBy) {}

    static class Warehouse {
        @Tool(name = "count-stock", description = "Counts what is there.")
        public Stock countStock(
                @ToolParam(description = "Which.") String article, List<String> only, ToolContext context) {
            if (article.isEmpty()) {
                throw new IllegalStateException("no article");
            }
            CallContext caller = (CallContext) context.getContext().get("sanca.call");
            return new Stock(article, only.size(), caller.user());
        }
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        AgentDirectory directory() {
            return () -> Map.of("known", Agent.at("http://127.0.0.1:9/"));
        }

        @Bean
        Warehouse warehouse() {
            return new Warehouse();
        }

        @Bean
        ToolCallback ticket() {
            return new ToolCallback() {
                @Override
                public ToolDefinition getToolDefinition() {
                    return DefaultToolDefinition.builder()
                            .name("openTicket")
                            .description("Opens a ticket.")
                            .inputSchema(
                                    "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"}},\"required\":[\"title\"]}")
                            .build();
                }

                @Override
                public String call(String input) {
                    return "{\"opened\":" + input + "}";
                }
            };
        }
    }
}
