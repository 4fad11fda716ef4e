package dev.sanca.host.agui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.host.engine.ScriptedEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import tools.jackson.databind.JsonNode;

/** The memory endpoints over a real port and a real gRPC server that plays the engine. */
class MemoryTests {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String MEMORY = "/api/sanca/memory";

    @TempDir
    static Path home;

    private static ServletWebServerApplicationContext host;
    private ScriptedEngine engine;

    @BeforeAll
    static void startHost() {
        host = (ServletWebServerApplicationContext) new SpringApplicationBuilder(AguiTests.Host.class)
                .properties("spring.main.banner-mode=off", "server.port=0", "sanca.gateway.port=0")
                .properties("sanca.engine.enabled=false", "sanca.home=" + home, "sanca.files.max-size=1KB")
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
    void aSearchGoesToTheEngineInTheUsersNameAndComesBackWhole() throws Exception {
        HttpResponse<String> answer = send(
                "ann",
                "POST",
                "/search",
                "{\"query\":\"中文 answers\",\"layers\":[\"preference\"],\"ids\":[\"language\"]}");
        JsonNode page = HostJson.MAPPER.readTree(answer.body());
        JsonNode item = page.path("items").path(0);
        assertThat(item.path("text").asString()).isEqualTo("Answer in Chinese. 用中文");
        assertThat(item.path("data").path("run_id").asString()).isEqualTo("run_1");
        assertThat(item.path("reasons").path(0).path("share").asDouble()).isEqualTo(1);
        assertThat(item.path("canEdit").asBoolean()).isTrue();
        assertThat(page.path("counts").path(0).path("records").asInt()).isEqualTo(1);
        assertThat(page.path("next").asString()).isEqualTo("mark");
        assertThat(engine.searched.get(0).getQuery()).isEqualTo("中文 answers");
        assertThat(engine.searched.get(0).getIdsList()).containsExactly("language");
        assertThat(engine.searched.get(0).getCaller().getUser()).isEqualTo("ann");
        assertThat(engine.searched.get(0).getCaller().getRightsList()).doesNotContain("knowledge:write");
    }

    @Test
    void aChangedRecordIsAConflictWithItsSentence() throws Exception {
        String change = "{\"layer\":\"preference\",\"id\":\"language\",\"revision\":%d,\"text\":\"English\"}";
        assertThat(send("ann", "PUT", "", change.formatted(3)).body()).contains("\"updatedAt\":\"now\"", "English");
        HttpResponse<String> late = send("ann", "PUT", "", change.formatted(1));
        assertThat(late.statusCode()).isEqualTo(409);
        assertThat(late.body()).contains("changed meanwhile");
    }

    @Test
    void itemsAndEverythingAreForgottenButADocumentOnlyWithTheRight() throws Exception {
        String one = "{\"items\":[{\"layer\":\"message\",\"id\":\"m1\",\"sessionId\":\"s1\"}]}";
        assertThat(send("ann", "POST", "/forget", one).body()).isEqualTo("{\"forgotten\":2}");
        assertThat(engine.forgotten.get(0).getItems(0).getSessionId()).isEqualTo("s1");
        send("ann", "POST", "/forget", "{\"everything\":true}");
        assertThat(engine.forgotten.get(1).getEverything()).isTrue();
        HttpResponse<String> refused = send("ann", "POST", "/forget", "{\"document\":\"a.md\"}");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("knowledge:write");
        assertThat(send("kim", "POST", "/forget", "{\"document\":\"a.md\"}").statusCode())
                .isEqualTo(200);
        assertThat(engine.forgotten).hasSize(3);
        assertThat(engine.forgotten.get(2).getCaller().getRightsList()).contains("knowledge:write");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PUT||{\"layer\":\"preference\",\"id\":\"x\",\"text\":\" \"}|text must not be empty",
                "POST|/forget|{}|Say what to forget",
                "POST|/forget|{\"items\":[null]}|Say what to forget",
                "POST|/search|{\"layers\":[null]}|The field layers"
            })
    void wrongInputIsSaidInASentence(String method, String path, String body, String sentence) throws Exception {
        HttpResponse<String> answer = send("ann", method, path == null ? "" : path, body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains(sentence);
    }

    @Test
    void theExportIsADownloadOfTheUsersOwn() throws Exception {
        HttpResponse<String> answer = send("ann", "GET", "/export", null);
        assertThat(answer.body()).isEqualTo("{\"user\":\"ann\"}\n");
        assertThat(answer.headers().firstValue("Content-Disposition"))
                .hasValueSatisfying(head -> assertThat(head).startsWith("attachment"));
    }

    @Test
    void aDocumentIsTakenFromThoseWhoMayTeach() throws Exception {
        assertThat(upload("ann", "a.md", "# A").statusCode()).isEqualTo(403);
        assertThat(upload("kim", "a.exe", "MZ").statusCode()).isEqualTo(415);
        assertThat(upload("kim", "a.md", "x".repeat(1_025)).statusCode()).isEqualTo(413);
        JsonNode added = HostJson.MAPPER.readTree(upload("kim", "a.md", "# A").body());
        assertThat(added.path("document").asString()).isEqualTo("a.md");
        assertThat(added.path("pieces").asInt()).isEqualTo(3);
        assertThat(added.path("remarks").path(0).asString()).contains("pool.size");
    }

    @Test
    void nobodyIsToldAnythingAndAnEngineThatIsAwayIsSaidSo() throws Exception {
        assertThat(send(null, "POST", "/search", "{}").statusCode()).isEqualTo(401);
        engine.close();
        assertThat(send("ann", "POST", "/search", "{}").statusCode()).isEqualTo(503);
        assertThat(send("ann", "GET", "/export", null).statusCode()).isEqualTo(503);
    }

    private static HttpResponse<String> send(String user, String method, String path, String body) throws Exception {
        HttpRequest request = request(user, path)
                .header("Content-Type", "application/json")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> upload(String user, String name, String content) throws Exception {
        String body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n"
                + content + "\r\n--x--\r\n";
        HttpRequest request = request(user, "/documents")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(String user, String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + host.getWebServer().getPort() + MEMORY + path))
                .timeout(Duration.ofSeconds(15));
        if (user != null) {
            String basic = Base64.getEncoder().encodeToString((user + ":pw").getBytes(StandardCharsets.UTF_8));
            builder.header("Authorization", "Basic " + basic);
        }
        return builder;
    }
}
