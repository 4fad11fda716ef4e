package dev.sanca.host.toolkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.agent.Agent;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.aop.framework.ProxyFactory;
import tools.jackson.databind.JsonNode;

class ToolkitTests {
    private static final CallContext CONTEXT =
            new CallContext("run_1/1", "run_1", "ses_1", "default", "ann", List.of(), "chat", "t", 30, null);
    private final AnnotatedToolkit toolkit = new AnnotatedToolkit(new Kit());

    @Test
    void argumentsOfManyTypesBindByName() throws Exception {
        Object result = call("many", """
                {"text":"你好","count":3,"big":"12345678901234567890.5","level":"WARN","day":"2026-01-31",
                 "moment":"2026-01-31T08:00:00Z","id":"0c1d2e3f-0000-4000-8000-000000000001",
                 "names":["a","b"],"limits":{"x":1.5},"point":{"left_edge":1,"top":2},"note":"hello"}""");
        assertThat(result)
                .isEqualTo("你好 3 12345678901234567890.5 WARN 2026-01-31 2026-01-31T08:00:00Z"
                        + " 0c1d2e3f-0000-4000-8000-000000000001 [a, b] {x=1.5} Point[leftEdge=1, top=2]"
                        + " Optional[hello] 15 null ann");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"servce":"a"}|demo.logs has no argument 'servce'. Did you mean 'service'?|servce|service
            {}|demo.logs needs the argument 'service' (a text).|service|
            {"service":null}|The argument 'service' of demo.logs must be a text, not null.|service|
            {"service":"a","level":"WARNING"}|must be one of DEBUG, WARN, not "WARNING". Did you mean 'WARN'?|level|WARN
            {"service":"a","since_minutes":"soon"}|'since_minutes' of demo.logs must be a whole number, not "soon".|since_minutes|
            {"service":"a","since_minutes":1.5}|must be a whole number, not 1.5.|since_minutes|
            {"service":"a","points":[{"top":1,"left":2}]}|'points' of demo.logs is wrong at 'points[0].left_edge': it must be given.|points[0].left_edge|
            {"service":"a","points":[{"top":1,"left_edge":"x"}]}|'points[0].left_edge': it must be a whole number, not "x".|points[0].left_edge|
            {"service":"a","points":[{"top":1,"left_edge":2,"topp":3}]}|'points[0].topp': there is no 'topp'; it has|points[0].topp|top
            {"service":"a","points":7}|must be a list (each an object), not 7.|points|
            """)
    void aWrongArgumentIsNamedWithTheMend(String arguments, String sentence, String argument, @Nullable String near) {
        ToolArgumentException error = catchThrowableOfType(ToolArgumentException.class, () -> call("logs", arguments));
        assertThat(error).hasMessageContaining(sentence);
        assertThat(error.argument()).isEqualTo(argument);
        assertThat(error.near()).isEqualTo(near == null ? List.of() : List.of(near));
    }

    @Test
    void theSchemaSaysWhatTheBinderTakes() {
        ToolDefinition logs = definition("logs");
        assertThat(logs.inputSchema()).isEqualTo(json("""
                {"type":"object","properties":{
                  "service":{"type":"string","description":"Which one."},
                  "level":{"type":"string","enum":["DEBUG","WARN"],"default":null},
                  "since_minutes":{"type":"integer","format":"int32","default":15},
                  "points":{"type":"array","items":{"type":"object","properties":{
                     "left_edge":{"type":"integer","format":"int32"},"top":{"type":"integer","format":"int32"}},
                     "required":["left_edge","top"],"title":"Point"},"default":null}},
                 "required":["service"]}"""));
        assertThat(logs.inputSchema().path("properties").propertyNames())
                .containsExactly("service", "level", "since_minutes", "points");
        assertThat(definition("many").outputSchema()).isEqualTo(json("{\"type\":\"string\"}"));
    }

    @Test
    void aRecursiveTypeIsDescribedByReference() {
        ToolDefinition tree = definition("tree");
        assertThat(tree.outputSchema().toString()).contains("$defs").contains("#/$defs/Node");
    }

    @Test
    void annotationsBecomeTheDefinition() {
        ToolDefinition restart = definition("restart");
        assertThat(restart.effect()).isEqualTo(Effect.WRITE);
        assertThat(restart.idempotent()).isTrue();
        assertThat(restart.right()).isEqualTo("system:change");
        assertThat(restart.undo()).isEqualTo("start it again");
        assertThat(restart.needsApproval()).isTrue();
        assertThat(definition("logs").needsApproval()).isFalse();
    }

    @Test
    void aProxiedBeanIsCalledThroughItsProxy() throws Exception {
        List<String> seen = new ArrayList<>();
        ProxyFactory factory = new ProxyFactory(new Kit());
        factory.setProxyTargetClass(true);
        factory.addAdvice((MethodInterceptor) invocation -> {
            seen.add(invocation.getMethod().getName());
            return invocation.proceed();
        });
        Object result = new AnnotatedToolkit(factory.getProxy()).call("restart", json("{}"), CONTEXT);
        assertThat(result).isEqualTo("restarted");
        assertThat(seen).containsExactly("restart");
    }

    @Test
    void toolkitsComeAndGoWhileRunningAndTheVersionTells() {
        DefaultToolkitRegistry registry = new DefaultToolkitRegistry();
        List<String> heard = new ArrayList<>();
        registry.addListener(() -> heard.add(registry.version()));
        registry.register(toolkit);
        String before = registry.version();
        assertThat(registry.find("demo", "logs").definition().name()).isEqualTo("logs");
        assertThatThrownBy(() -> registry.register(toolkit)).hasMessageContaining("There is a toolkit 'demo' already");
        registry.register(new Named("other"));
        assertThat(registry.version()).isNotEqualTo(before);
        assertThat(registry.remove("other")).isTrue();
        assertThat(registry.remove("other")).isFalse();
        assertThat(registry.version()).isEqualTo(before);
        assertThat(heard).hasSize(3);
    }

    @Test
    void agentsThatThePortalNamesAreForTheEngineAlone() {
        DefaultToolkitRegistry registry = new DefaultToolkitRegistry();
        List<String> heard = new ArrayList<>();
        registry.addListener(() -> heard.add(registry.version()));
        registry.register(toolkit);
        Agent agent = Agent.at("http://127.0.0.1:9")
                .withHeaders(Map.of("X-API-Key", "hush"))
                .withTrust("untrusted");
        registry.offerAgents(Map.of("helper", agent));
        registry.offerAgents(Map.of("helper", agent));
        assertThat(registry.describe()).doesNotContain("hush").doesNotContain("helper");
        assertThat(json(registry.describeToEngine())
                        .path("agents")
                        .path("helper")
                        .toString())
                .isEqualTo(
                        "{\"url\":\"http://127.0.0.1:9\",\"headers\":{\"X-API-Key\":\"hush\"},\"trust\":\"untrusted\"}");
        assertThat(heard).hasSize(2).doesNotHaveDuplicates();
        assertThatThrownBy(() -> registry.offerAgents(Map.of("none", Agent.at(" "))))
                .hasMessage("The agent 'none' needs a url.");
    }

    @Test
    void anUnknownToolOrToolkitNamesTheNearOnes() {
        DefaultToolkitRegistry registry = new DefaultToolkitRegistry();
        registry.register(toolkit);
        assertThatThrownBy(() -> registry.find("demo", "log"))
                .isInstanceOf(ToolNotFoundException.class)
                .hasMessage("The toolkit 'demo' has no tool 'log'. Did you mean 'logs'?");
        assertThatThrownBy(() -> registry.find("dmo", "logs"))
                .hasMessage("There is no toolkit 'dmo'. Did you mean 'demo'?");
    }

    @Test
    void describeIsWhatTheContractSays() {
        DefaultToolkitRegistry registry = new DefaultToolkitRegistry();
        registry.register(toolkit);
        JsonNode described = json(registry.describe());
        assertThat(described.path("version").asString()).isEqualTo(registry.version());
        JsonNode tool = described.path("toolkits").path(0).path("tools").path(0);
        assertThat(tool.propertyNames())
                .containsExactly(
                        "name",
                        "description",
                        "effect",
                        "idempotent",
                        "approval",
                        "interaction",
                        "right",
                        "timeout_seconds",
                        "undo",
                        "alternative",
                        "verified_by",
                        "input_schema",
                        "output_schema");
        assertThat(tool.path("interaction").asString()).isEqualTo("none");
    }

    @Test
    void whatVerifiesAnEffectIsTold() {
        List<ToolDefinition> tools =
                new AnnotatedToolkit(new Beds()).definition().tools();
        assertThat(tools)
                .extracting(ToolDefinition::name, ToolDefinition::verifiedBy)
                .containsExactlyInAnyOrder(tuple("water", "bed(name).wet == true"), tuple("dig", null));
    }

    @Test
    void ourSnakeCaseIsJacksons() {
        record Names(int latencyP95Ms, int serviceURL, int aB, int plain) {}
        assertThat(HostJson.MAPPER.valueToTree(new Names(1, 2, 3, 4)).propertyNames())
                .containsExactlyInAnyOrder(
                        HostJson.snakeCase("latencyP95Ms"),
                        HostJson.snakeCase("serviceURL"),
                        HostJson.snakeCase("aB"),
                        HostJson.snakeCase("plain"));
    }

    private @Nullable Object call(String tool, String arguments) throws Exception {
        return toolkit.call(tool, json(arguments), CONTEXT);
    }

    private ToolDefinition definition(String tool) {
        return toolkit.definition().tools().stream()
                .filter(definition -> definition.name().equals(tool))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode json(String text) {
        return HostJson.MAPPER.readTree(text);
    }

    enum Level {
        DEBUG,
        WARN
    }

    record Point(int leftEdge, int top) {}

    record Node(String name, List<Node> children) {}

    record Named(String name) implements Toolkit {
        @Override
        public ToolkitDefinition definition() {
            return new ToolkitDefinition(name, "Another.", List.of());
        }

        @Override
        public Object call(String tool, JsonNode arguments, CallContext context) {
            throw new ToolNotFoundException("none", List.of());
        }
    }

    @ToolkitComponent(name = "garden", description = "For tests.")
    static class Beds {
        @ToolMethod(description = "Waters.", effect = Effect.WRITE, verifiedBy = "bed(name).wet == true")
        void water(String name) {}

        @ToolMethod(description = "Digs.", effect = Effect.WRITE)
        void dig(String name) {}
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        @ToolMethod(description = "Everything.")
        String many(
                String text,
                int count,
                BigDecimal big,
                Level level,
                LocalDate day,
                Instant moment,
                UUID id,
                List<String> names,
                Map<String, Double> limits,
                Point point,
                Optional<String> note,
                @ToolParameter(defaultValue = "15") int sinceMinutes,
                @Nullable Integer most,
                CallContext context) {
            return List.of(text, count, big, level, day, moment, id, names, limits, point, note, sinceMinutes).stream()
                            .map(String::valueOf)
                            .collect(Collectors.joining(" "))
                    + " " + most + " " + context.user();
        }

        @ToolMethod(description = "Lines.")
        List<String> logs(
                @ToolParameter(description = "Which one.") String service,
                @Nullable Level level,
                @ToolParameter(defaultValue = "15") int sinceMinutes,
                @ToolParameter(required = false) List<Point> points) {
            return List.of(service + level + sinceMinutes + points);
        }

        @ToolMethod(description = "A tree.")
        Node tree() {
            return new Node("root", List.of());
        }

        @ToolMethod(
                description = "Restarts.",
                effect = Effect.WRITE,
                idempotent = true,
                right = "system:change",
                undo = "start it again")
        public String restart() {
            return "restarted";
        }
    }
}
