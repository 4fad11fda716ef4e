package dev.sanca.portal.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.portal.PortalTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;

/** The doors, over real HTTP. */
class PortalSecurityTests extends PortalTest {
    @LocalServerPort
    private int port;

    @Autowired
    private SignInCode code;

    private final CookieManager cookies = new CookieManager();
    private final HttpClient browser =
            HttpClient.newBuilder().cookieHandler(cookies).build();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/me", "/api/fleet", "/api/fleet/faults", "/api/fleet/checkout/logs", "/api/sanca/sessions",
                "/api/sanca/tools", "/agui/connect?threadId=x", "/actuator/metrics", "/actuator", "/v3/api-docs",
                "/swagger-ui/index.html", "/", "/index.html", "/anything"
            })
    void withoutSigningInEverythingIsClosed(String path) {
        assertThat(send(get(path)).statusCode()).isEqualTo(401);
    }

    @Test
    void aPersonIsLedToTheSignInPageInTheirLanguage() {
        HttpResponse<String> led = send(get("/").header("Accept", "text/html"));
        assertThat(led.statusCode()).isEqualTo(302);
        assertThat(led.headers().firstValue("Location"))
                .hasValueSatisfying(where -> assertThat(where).endsWith("/login"));
        assertThat(send(get("/login")).body())
                .contains("lang=\"en\"", "User name")
                .doesNotContain("{csrf}", "{user}");
        assertThat(send(get("/login").header("Accept-Language", "zh-CN")).body())
                .contains("lang=\"zh\"", "用户名");
    }

    @Test
    void healthIsPublicWithoutDetails() {
        HttpResponse<String> health = send(get("/actuator/health"));
        assertThat(health.statusCode()).isEqualTo(200);
        assertThat(health.body()).doesNotContain("components");
        assertThat(send(as("viewer", get("/actuator/health"))).body()).doesNotContain("components");
        assertThat(send(as("operator", get("/actuator/health"))).body()).contains("components");
    }

    @ParameterizedTest
    @CsvSource({
        "viewer,    GET,  /api/fleet,          200",
        "viewer,    GET,  /actuator/metrics,   403",
        "viewer,    POST, /api/fleet/reset,    403",
        "viewer,    POST, /api/fleet/faults,   403",
        "viewer,    POST, /api/sanca/models/test, 403",
        "developer, GET,  /actuator/metrics,   403",
        "developer, POST, /api/fleet/faults/no/check, 404",
        "developer, POST, /api/sanca/models/test, 403",
        "viewer,    POST, /api/sanca/memory/documents, 403",
        "operator,  GET,  /actuator/metrics,   200",
        "operator,  POST, /api/fleet/faults/no/check, 404",
        "operator,  GET,  /v3/api-docs,        200"
    })
    void everyRoleHasItsRightsAndNoMore(String user, String method, String path, int status) {
        HttpRequest.Builder request = as(user, get(path));
        if (method.equals("POST")) {
            request = withToken(request).POST(BodyPublishers.ofString("{}")).header("Content-Type", "application/json");
        }
        assertThat(send(request).statusCode()).isEqualTo(status);
    }

    @Test
    void rightsAreTold() {
        JsonNode me =
                HostJson.MAPPER.readTree(send(as("developer", get("/api/me"))).body());
        assertThat(me.path("displayName").asString()).isEqualTo("Dev Developer");
        assertThat(me.path("rights").valueStream().map(JsonNode::asString))
                .containsExactlyInAnyOrder(
                        "system:read", "sanca:ask", "fleet:inject", "system:change", "knowledge:write");
    }

    @Test
    void aWriteWithoutTheCsrfHeaderIsRefused() {
        HttpResponse<String> answer =
                send(as("operator", get("/api/fleet/reset")).POST(BodyPublishers.noBody()));
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("X-XSRF-TOKEN");
    }

    @Test
    void pagesOfElsewhereNeitherAskNorReadAnAnswer() {
        String input = "{\"threadId\":\"t\",\"messages\":[{\"id\":\"m\",\"role\":\"user\",\"content\":\"hi\"}]}";
        HttpResponse<String> asked = send(as("viewer", get("/agui"))
                .header("Origin", "https://elsewhere.example")
                .POST(BodyPublishers.ofString(input)));
        assertThat(asked.statusCode()).isEqualTo(403);
        HttpResponse<String> preflight = send(get("/agui")
                .header("Origin", "https://elsewhere.example")
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", BodyPublishers.noBody()));
        assertThat(preflight.statusCode()).isIn(401, 403);
        for (HttpResponse<String> answer : List.of(asked, preflight)) {
            assertThat(answer.headers().map().keySet())
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"));
        }
    }

    @Test
    void aWrongCsrfHeaderIsRefused() {
        HttpRequest.Builder request =
                withToken(as("operator", get("/api/fleet/reset"))).setHeader("X-XSRF-TOKEN", "guessed");
        assertThat(send(request.POST(BodyPublishers.noBody())).statusCode()).isEqualTo(403);
    }

    @Test
    void theOneTimeAddressWorksOnceAndSetsACookieThatScriptsCannotRead() {
        assertThat(send(get("/sign-in?code=wrong")).statusCode()).isEqualTo(401);
        assertThat(send(get("/sign-in")).statusCode()).isEqualTo(401);
        String address = "/sign-in?code=" + code.current();
        HttpResponse<String> signedIn = send(get(address));
        assertThat(signedIn.statusCode()).isEqualTo(303);
        assertThat(signedIn.headers().allValues("Set-Cookie"))
                .anyMatch(cookie -> cookie.startsWith("SANCA_SESSION=")
                        && cookie.contains("HttpOnly")
                        && cookie.contains("SameSite=Lax"));
        assertThat(send(get("/api/me")).body()).contains("\"user\":\"operator\"");
        cookies.getCookieStore().removeAll();
        assertThat(send(get(address)).statusCode()).isEqualTo(401);
        assertThat(send(get("/sign-in?code=")).statusCode()).isEqualTo(401);
    }

    @Test
    void signingInByNameAndOutAgain() {
        String csrf = csrfOf(send(get("/login")).body());
        assertThat(location(signIn("viewer", "wrong", csrf))).endsWith("/login?error");
        assertThat(location(signIn("viewer", password("viewer"), csrf))).endsWith("/");
        assertThat(send(get("/api/me")).body()).contains("\"user\":\"viewer\"");
        assertThat(send(withToken(get("/logout")).POST(BodyPublishers.noBody())).statusCode())
                .isEqualTo(204);
        assertThat(send(get("/api/me")).statusCode()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"})
    void aForeignNameForThisMachineIsRefused(String host) throws IOException {
        assertThat(statusLine(host)).contains(" 421");
    }

    @Test
    void theLoopbackNamesAreAccepted() throws IOException {
        assertThat(statusLine("localhost:" + port)).contains(" 200");
        assertThat(statusLine("[::1]:" + port)).contains(" 200");
    }

    @Test
    void headersAreStrict() {
        HttpResponse<String> page = send(get("/login"));
        assertThat(page.headers().firstValue("Content-Security-Policy"))
                .hasValueSatisfying(policy -> assertThat(policy)
                        .contains("default-src 'self'", "frame-ancestors 'self'", "object-src 'none'"));
        assertThat(page.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(page.headers().firstValue("Referrer-Policy")).hasValue("same-origin");
    }

    @Test
    void passwordsLieInAFileOfTheirOwnerOnlyAndInNoLog() throws IOException {
        Path file = home().resolve("demo-users.json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        String log = Files.readString(home().resolve("logs/host.log"));
        assertThat(log).doesNotContain(password("viewer"), password("operator"));
    }

    private HttpRequest.Builder get(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return browser.send(request.build(), BodyHandlers.ofString());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private HttpRequest.Builder as(String user, HttpRequest.Builder request) {
        String pair = user + ":" + password(user);
        return request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes()));
    }

    private HttpRequest.Builder withToken(HttpRequest.Builder request) {
        send(get("/login"));
        String token = cookies.getCookieStore().getCookies().stream()
                .filter(cookie -> cookie.getName().equals("XSRF-TOKEN"))
                .findFirst()
                .orElseThrow()
                .getValue();
        return request.header("X-XSRF-TOKEN", token);
    }

    private HttpResponse<String> signIn(String user, String password, String csrf) {
        String form = "username=" + user + "&password=" + password + "&_csrf=" + csrf;
        return send(get("/login")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(form)));
    }

    private static String location(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).isEqualTo(302);
        return answer.headers().firstValue("Location").orElseThrow();
    }

    private static String csrfOf(String html) {
        int at = html.indexOf("name=\"_csrf\" value=\"") + "name=\"_csrf\" value=\"".length();
        return html.substring(at, html.indexOf('"', at));
    }

    /** By a plain socket: the JDK's client does not let us send a foreign Host. */
    private String statusLine(String host) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("GET /actuator/health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes());
            return new String(socket.getInputStream().readAllBytes())
                    .lines()
                    .findFirst()
                    .orElse("");
        }
    }

    private static String password(String user) {
        try {
            String text = Files.readString(home().resolve("demo-users.json"));
            return HostJson.MAPPER.readTree(text).path(user).path("password").asString();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
