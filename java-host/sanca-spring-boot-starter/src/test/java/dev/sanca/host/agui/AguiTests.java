package dev.sanca.host.agui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sanca.host.HostJson;
import dev.sanca.host.calls.ToolCalls;
import dev.sanca.host.engine.RunEvent;
import dev.sanca.host.engine.ScriptedEngine;
import dev.sanca.host.engine.proto.StartRunRequest;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolkitComponent;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import tools.jackson.databind.JsonNode;

/** The page's endpoints over a real port, Spring Security and a real gRPC server that plays the engine. */
class AguiTests {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path home;

    private static ServletWebServerApplicationContext host;
    private ScriptedEngine engine;

    @BeforeAll
    static void startHost() {
        host = (ServletWebServerApplicationContext) new SpringApplicationBuilder(Host.class)
                .properties("spring.main.banner-mode=off", "server.port=0", "sanca.gateway.port=0")
                .properties("sanca.engine.enabled=false", "sanca.home=" + home, "sanca.agui.keep-alive=100ms")
                .properties("sanca.agui.max-body=20KB", "sanca.agui.max-message-chars=1000", "sanca.files.max-size=1KB")
                .run();
    }

    @AfterAll
    static void stopHost() {
        host.close();
    }

    @BeforeEach
    void startEngine() throws IOException {
        engine = new ScriptedEngine(home);
    }

    @AfterEach
    void stopEngine() throws IOException {
        engine.close();
    }

    @Test
    void eventsPassThroughByteByByteWithLfFraming() throws Exception {
        HttpResponse<String> answer = say("ann", "t_bytes", "hello");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/event-stream;charset=UTF-8");
        String run = engine.started.get(0).getRunId();
        assertThat(answer.body())
                .isEqualTo(
                        "id: " + run + ":1\ndata: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"odd\":  1.50}\n\n"
                                + "id: " + run
                                + ":2\ndata: {\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"success\"},\"result\":{\"answer\":\"你好\"}}\n\n");
    }

    @Test
    void theEngineHearsWhoAsksFromTheSignInAndNotFromTheBody() throws Exception {
        post("ann", "/agui", body("t_caller", "hello").replace("{\"threadId\"", "{\"user\":\"root\",\"threadId\""));
        StartRunRequest request = engine.started.get(0);
        assertThat(request.getCaller().getUser()).isEqualTo("ann");
        assertThat(request.getCaller().getTenant()).isEqualTo("default");
        assertThat(request.getCaller().getRightsList()).containsExactlyInAnyOrder("sanca:ask", "system:change");
        assertThat(request.getSessionId()).isEqualTo("t_caller");
        assertThat(request.getAguiRunId()).isEqualTo("r1");
        assertThat(request.getRunId()).matches("run_[0-9a-f]{32}");
        assertThat(request.getMessageId()).isEqualTo("m1");
    }

    @Test
    void oneTraceIdGoesFromThePageToTheEngineAndBack() throws Exception {
        String trace = "0af7651916cd43dd8448eb211c80319c";
        HttpRequest request = request("ann", "/agui")
                .header("traceparent", "00-" + trace + "-b7ad6b7169203331-01")
                .POST(HttpRequest.BodyPublishers.ofString(body("t_trace", "hello")))
                .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.headers().firstValue("X-Trace-Id")).contains(trace);
        assertThat(engine.started.get(0).getCaller().getTraceId()).isEqualTo(trace);
    }

    @ParameterizedTest
    @CsvSource({"die,engine_lost", "cut,failed"})
    void aStreamThatBreaksEndsWithAnError(String message, String code) throws Exception {
        String[] events = say("ann", "t_break", message).body().split("\n\n");
        JsonNode last = HostJson.MAPPER.readTree(events[events.length - 1].substring("data: ".length()));
        assertThat(last.path("type").asString()).isEqualTo("RUN_ERROR");
        assertThat(last.path("code").asString()).isEqualTo(code);
        assertThat(last.path("message").asString()).isNotBlank();
    }

    @Test
    void withoutAnEngineTheRunEndsAtOnceWithASentence() throws Exception {
        engine.close();
        HttpResponse<String> answer = say("ann", "t_none", "hello");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("RUN_ERROR").contains("engine_lost").contains("not running yet");
    }

    @Test
    void anEngineThatStartedAnewIsFoundByItsFile() throws Exception {
        say("ann", "t_again", "hello");
        engine.close();
        engine = new ScriptedEngine(home);
        assertThat(say("ann", "t_again", "hello").body()).contains("RUN_FINISHED");
    }

    @Test
    void anotherUsersSessionIsRefusedInASentence() throws Exception {
        say("ann", "t_anns", "hello");
        for (HttpResponse<String> answer :
                List.of(say("bob", "t_anns", "hello"), get("bob", "/agui/connect?threadId=t_anns"))) {
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("application/problem+json");
            assertThat(answer.body()).contains("belongs to another user");
        }
        assertThat(say("ann", "t_refused", "forbidden").statusCode()).isEqualTo(403);
    }

    @Test
    void nobodyAndThoseWithoutTheRightAreRefused() throws Exception {
        assertThat(say(null, "t_x", "hello").statusCode()).isEqualTo(401);
        HttpResponse<String> answer = say("guest", "t_x", "hello");
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("sanca:ask");
        assertThat(engine.started).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no json|The body is not JSON",
                "[]|must be a JSON object",
                "{}|threadId must be",
                "{\"threadId\":\"../x\"}|threadId must be",
                "{\"threadId\":\"t\"}|There is no message",
                "{\"threadId\":\"t\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}|There is no message"
            })
    void wrongInputIsSaidInASentence(String body, String sentence) throws Exception {
        HttpResponse<String> answer = post("ann", "/agui", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains(sentence);
    }

    @Test
    void tooMuchIsRefused() throws Exception {
        assertThat(say("ann", "t_big", "x".repeat(1_001)).body()).contains("at most 1000 are taken");
        assertThat(say("ann", "t_big", "x".repeat(30_000)).statusCode()).isEqualTo(413);
    }

    @Test
    void anApprovalIsRecordedByTheHostAndLetsExactlyThatCallThrough() throws Exception {
        say("ann", "t_ask", "ask");
        String run = engine.started.get(0).getRunId();
        assertThat(call(run, "{\"text\":\"x\"}")).contains("approval_required");
        assertThat(resume("bob", "t_bob", run, true).statusCode()).isEqualTo(403);
        assertThat(call(run, "{\"text\":\"x\"}")).contains("approval_required");
        assertThat(engine.answered).isEmpty();
        assertThat(resume("ann", "t_ask", run, true).body()).contains("RUN_FINISHED");
        assertThat(engine.answered.get(0).getApproved()).isTrue();
        assertThat(call(run, "{\"text\":\"y\"}")).contains("approval_required");
        assertThat(call(run, "{\"text\":\"x\"}")).contains("\"ok\":true");
    }

    @Test
    void aDeniedApprovalLetsNothingThrough() throws Exception {
        say("ann", "t_deny", "ask");
        String run = engine.started.get(0).getRunId();
        resume("ann", "t_deny", run, false);
        assertThat(engine.answered.get(0).getApproved()).isFalse();
        assertThat(call(run, "{\"text\":\"x\"}")).contains("approval_required");
    }

    @Test
    void aBrowserThatLeavesCancelsNothing() throws Exception {
        HttpResponse<InputStream> answer = HTTP.send(
                request("ann", "/agui")
                        .POST(HttpRequest.BodyPublishers.ofString(body("t_leave", "wait")))
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
        BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        assertThat(lines.readLine()).startsWith("id: ");
        assertThat(lines.readLine()).contains("RUN_STARTED");
        lines.readLine();
        assertThat(lines.readLine()).isEqualTo(": keep-alive");
        double before = finishedRuns();
        lines.close();
        assertThat(engine.cancelled).isEmpty();
        engine.release.countDown();
        await().atMost(Duration.ofSeconds(5)).until(() -> finishedRuns() > before);
        engine.release = new CountDownLatch(1);
    }

    @Test
    void connectReplaysTheSession() throws Exception {
        HttpResponse<String> answer = get("ann", "/agui/connect?threadId=t_old");
        assertThat(answer.body()).contains("\"replayed\":\"t_old\"").contains("RUN_FINISHED");
    }

    @ParameterizedTest
    @CsvSource({",run_7:12,run_7,12", "run_8:3,run_7:12,run_8,3", "a:b:9,,a:b,9", ",,'',0"})
    void aConnectionThatBrokeGoesOnAfterTheLastEventSeen(String header, String after, String run, long seq)
            throws Exception {
        String path = "/agui/connect?threadId=t_old" + (after == null ? "" : "&after=" + after);
        HttpRequest.Builder request = request("ann", path);
        if (header != null) {
            request.header("Last-Event-ID", header);
        }
        HttpResponse<String> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(engine.attached.get(0).getAfterRunId()).isEqualTo(run);
        assertThat(engine.attached.get(0).getAfterSeq()).isEqualTo(seq);
        assertThat(get("ann", "/agui/connect?threadId=t_old&after=nonsense").statusCode())
                .isEqualTo(400);
    }

    @Test
    void aHeldEventHasNoIdBecauseItComesAgain() {
        assertThat(EventIds.of(new RunEvent("run_1", 0, "{}"))).isEmpty();
        assertThat(EventIds.of(new RunEvent("run_1", 4, "{}"))).isEqualTo("run_1:4");
    }

    @Test
    void clientsThatSpellNamesInSnakeCaseAreUnderstood() throws Exception {
        String body = "{\"thread_id\":\"t_snake\",\"run_id\":\"r9\",\"forwarded_props\":{\"language\":\"zh\"},"
                + "\"messages\":[{\"id\":\"m\",\"role\":\"user\",\"content\":\"hello\"}]}";
        assertThat(post("ann", "/agui", body).statusCode()).isEqualTo(200);
        assertThat(engine.started.get(0).getSessionId()).isEqualTo("t_snake");
        assertThat(engine.started.get(0).getAguiRunId()).isEqualTo("r9");
        assertThat(engine.started.get(0).getCaller().getLanguage()).isEqualTo("zh");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"{}", "null", "\"yes\"", "{\"approved\":\"yes\"}", "{\"value\":true}"})
    void anAnswerThatDoesNotSayWhetherApprovesNothing(String payload) throws Exception {
        say("ann", "t_unsaid", "ask");
        String run = engine.started.get(0).getRunId();
        String body = "{\"threadId\":\"t_unsaid\",\"resume\":[{\"interruptId\":\"" + run
                + "/1\",\"status\":\"resolved\",\"payload\":" + payload + "}]}";
        HttpResponse<String> answer = post("ann", "/agui", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("The answer has to say");
        assertThat(engine.answered).isEmpty();
    }

    @Test
    void aFormsFieldsMayComeAloneAsItsSchemaSays() throws Exception {
        String body = "{\"threadId\":\"t_form\",\"resume\":[{\"interruptId\":\"run_1/2\",\"status\":\"resolved\","
                + "\"payload\":{\"bed\":\"south\"}}]}";
        assertThat(post("ann", "/agui", body).statusCode()).isEqualTo(200);
        assertThat(engine.answered.get(0).getApproved()).isTrue();
        assertThat(engine.answered.get(0).getValueJson()).isEqualTo("{\"bed\":\"south\"}");
    }

    @Test
    void otherInputsReachTheEngineAsWhatTheyAre() throws Exception {
        post("ann", "/agui", "{\"threadId\":\"t_in\",\"forwardedProps\":{\"actionCode\":\"1+1\",\"language\":\"zh\"}}");
        post(
                "ann",
                "/agui",
                "{\"threadId\":\"t_in\",\"forwardedProps\":{\"fileIds\":[\"file_1\"],\"a2uiAction\":{\"userAction\":"
                        + "{\"surfaceId\":\"card_1\",\"name\":\"submit\",\"context\":{\"a\":1}}}}}");
        post("ann", "/agui", "{\"threadId\":\"t_in\",\"forwardedProps\":{\"continueRunId\":\"run_0\"}}");
        assertThat(engine.started.get(0).getActionCode()).isEqualTo("1+1");
        assertThat(engine.started.get(0).getCaller().getLanguage()).isEqualTo("zh");
        assertThat(engine.started.get(1).getClick().getContextJson()).isEqualTo("{\"a\":1}");
        assertThat(engine.started.get(1).getFileIdsList()).containsExactly("file_1");
        assertThat(engine.started.get(2).getContinueRunId()).isEqualTo("run_0");
    }

    @Test
    void theSmallApiSpeaksCamelCaseAndProblems() throws Exception {
        assertThat(get("ann", "/api/sanca/sessions").body()).contains("\"sessionId\":\"ses_1\",\"title\":\"ann\"");
        assertThat(get("ann", "/api/sanca/status").body())
                .contains("\"engine\":\"up\"")
                .contains("sandboxLevel");
        assertThat(get("ann", "/api/sanca/tools").body())
                .contains("\"input_schema\"")
                .contains("\"name\":\"card\"");
        assertThat(post("ann", "/api/sanca/runs/run_1/cancel", "").body()).contains("\"status\":\"cancelled\"");
        HttpResponse<String> feedback = post("ann", "/api/sanca/runs/run_1/feedback", "{\"thumb\":\"sideways\"}");
        assertThat(feedback.statusCode()).isEqualTo(400);
        assertThat(feedback.body()).contains("thumb must be 'up' or 'down'");
        engine.close();
        assertThat(get("ann", "/api/sanca/sessions").statusCode()).isEqualTo(503);
        assertThat(get("ann", "/api/sanca/status").body()).contains("\"engine\":\"off\"");
    }

    @Test
    void thePageIsToldOfAndItsRepliesReachTheEngine() throws Exception {
        String page = "{\"threadId\":\"t_page\",\"forwardedProps\":{\"actionCode\":\"1\",\"page\":"
                + "{\"url\":\"u\",\"timeZone\":\"Asia/Shanghai\",\"takesCommands\":true}}}";
        post("ann", "/agui", page);
        assertThat(engine.started.get(0).getPage().getTimeZone()).isEqualTo("Asia/Shanghai");
        assertThat(engine.started.get(0).getPage().getTakesCommands()).isTrue();
        String reply = "{\"commandId\":\"run_1/page-1\",\"ok\":false,\"reason\":\"not_there\",\"targets\":[\"fleet\"]}";
        assertThat(post("ann", "/api/sanca/runs/run_1/page", reply).statusCode())
                .isEqualTo(204);
        assertThat(engine.pageReplies.get(0).getCaller().getUser()).isEqualTo("ann");
        assertThat(engine.pageReplies.get(0).getCommandId()).isEqualTo("run_1/page-1");
        assertThat(engine.pageReplies.get(0).getTargetsList()).containsExactly("fleet");
        assertThat(post("ann", "/api/sanca/runs/run_1/page", "{}").body()).contains("commandId must be");
    }

    @Test
    void aPersonIsToldWhoTheyAre() throws Exception {
        assertThat(get("ann", "/api/sanca/me").body())
                .isEqualTo("{\"user\":\"ann\",\"displayName\":\"ann\","
                        + "\"rights\":[\"sanca:ask\",\"system:change\"],\"tenant\":\"default\"}");
    }

    @Test
    void modelsAreChangedOnlyWithTheRight() throws Exception {
        String setting = "{\"role\":\"general\",\"kind\":\"openai\",\"model\":\"m\",\"apiKey\":\"k\"}";
        assertThat(put("ann", setting).statusCode()).isEqualTo(403);
        assertThat(put("bob", setting).body()).contains("\"role\":\"general\"").doesNotContain("\"k\"");
    }

    @Test
    void filesGoInAndComeOutAsDownloads() throws Exception {
        HttpResponse<String> put = upload("data.csv", "a,b\n1,2\n");
        assertThat(put.body())
                .contains("\"fileId\":\"file_1\"")
                .contains("\"sizeBytes\":8")
                .contains("text/csv");
        HttpResponse<String> got = get("ann", "/api/sanca/files/file_1");
        assertThat(got.body()).isEqualTo("a,b\n1,2\n");
        assertThat(got.headers().firstValue("Content-Disposition").orElse("")).startsWith("attachment;");
        assertThat(get("ann", "/api/sanca/files/file_2").statusCode()).isEqualTo(404);
        assertThat(upload("virus.exe", "x").statusCode()).isEqualTo(415);
        assertThat(upload("big.txt", "x".repeat(2_000)).statusCode()).isEqualTo(413);
    }

    private double finishedRuns() {
        return host.getBean(MeterRegistry.class).find("sanca.run.seconds").timers().stream()
                .mapToDouble(timer -> timer.count())
                .sum();
    }

    private static String call(String run, String arguments) {
        return host.getBean(ToolCalls.class)
                .call("demo", "write", arguments, "{\"call_id\":\"" + run + "/1\",\"run_id\":\"" + run + "\"}");
    }

    private HttpResponse<String> resume(String user, String thread, String run, boolean approved) throws Exception {
        return post(
                user,
                "/agui",
                "{\"threadId\":\"" + thread + "\",\"runId\":\"r2\",\"messages\":[],\"resume\":[{\"interruptId\":\""
                        + run + "/1\",\"status\":\"resolved\",\"payload\":{\"approved\":" + approved + "}}]}");
    }

    private HttpResponse<String> say(String user, String thread, String message) throws Exception {
        return post(user, "/agui", body(thread, message));
    }

    private static String body(String thread, String message) {
        return "{\"threadId\":\"" + thread + "\",\"runId\":\"r1\",\"messages\":[{\"id\":\"m1\",\"role\":\"user\","
                + "\"content\":\"" + message + "\"}]}";
    }

    private HttpResponse<String> post(String user, String path, String body) throws Exception {
        return HTTP.send(
                request(user, path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> put(String user, String body) throws Exception {
        return HTTP.send(
                request(user, "/api/sanca/models")
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String user, String path) throws Exception {
        return HTTP.send(request(user, path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> upload(String name, String content) throws Exception {
        String body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n"
                + content + "\r\n--x--\r\n";
        return HTTP.send(
                request("ann", "/api/sanca/sessions/t_files/files")
                        .header("Content-Type", "multipart/form-data; boundary=x")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(String user, String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + host.getWebServer().getPort() + path))
                .timeout(Duration.ofSeconds(15));
        if (user != null) {
            String basic = Base64.getEncoder().encodeToString((user + ":pw").getBytes(StandardCharsets.UTF_8));
            builder.header("Authorization", "Basic " + basic);
        }
        return builder;
    }

    @EnableAutoConfiguration
    static class Host {
        @Bean
        SecurityFilterChain security(HttpSecurity http) throws Exception {
            return http.csrf(csrf -> csrf.disable())
                    .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .build();
        }

        @Bean
        UserDetailsService users() {
            return new InMemoryUserDetailsManager(
                    user("ann", "sanca:ask", "system:change"),
                    user("bob", "sanca:ask", "sanca:settings"),
                    user("kim", "sanca:ask", "knowledge:write"),
                    user("guest", "system:read"));
        }

        @Bean
        Kit kit() {
            return new Kit();
        }

        private static UserDetails user(String name, String... rights) {
            return User.withUsername(name)
                    .password("{noop}pw")
                    .authorities(rights)
                    .build();
        }
    }

    @ToolkitComponent(name = "demo", description = "For tests.")
    static class Kit {
        @ToolMethod(description = "Writes.", effect = Effect.WRITE, right = "system:change")
        String write(String text) {
            return text;
        }
    }
}
