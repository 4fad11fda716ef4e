package dev.sanca.portal.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.HostJson;
import dev.sanca.portal.PortalTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What a browser may keep. */
class PageAssetsTests extends PortalTest {
    @LocalServerPort
    private int port;

    private final HttpClient browser = HttpClient.newHttpClient();

    @Test
    void aFileWithItsHashInItsNameIsKeptForAYear() throws Exception {
        assertThat(cacheControl("/assets/kept.txt")).contains("max-age=31536000", "private", "immutable");
    }

    @Test
    void whatChangesUnderTheSameNameIsAskedForEachTime() throws Exception {
        assertThat(cacheControl("/api/me")).contains("no-store");
    }

    private String cacheControl(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair().getBytes()))
                .build();
        HttpResponse<String> answer = browser.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.headers().firstValue("Cache-Control").orElse("");
    }

    private static String pair() throws IOException {
        String users = Files.readString(home().resolve("demo-users.json"));
        return "viewer:"
                + HostJson.MAPPER
                        .readTree(users)
                        .path("viewer")
                        .path("password")
                        .asString();
    }
}
