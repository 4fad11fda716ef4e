package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** HTTP calls to the services, as any caller makes them. */
final class ServiceHttp {
    static final Duration PROBE_LIMIT = Duration.ofSeconds(20);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .build();

    /** @param status null: no answer, and {@code body} says why */
    record Answer(@Nullable Integer status, String body, double milliseconds) {
        boolean failed() {
            return status == null || status >= 400;
        }

        String describe() {
            return status == null ? body : status + ": " + body.strip();
        }
    }

    Answer get(int port, String path, Duration limit) {
        return join(send(request(port, path, limit).GET().build()));
    }

    Answer postJson(int port, String path, String key, Object body) {
        return join(send(json(port, new SampleRequest("POST", path, body), key)));
    }

    CompletableFuture<Answer> call(int port, SampleRequest sample, String key) {
        return send(json(port, sample, key));
    }

    private static HttpRequest json(int port, SampleRequest sample, String key) {
        HttpRequest.Builder request = request(port, sample.path(), PROBE_LIMIT)
                .header("X-Client-Key", key)
                .header(
                        "X-Trace-Id",
                        UUID.randomUUID().toString().replace("-", "").substring(0, 16));
        if (sample.body() == null) {
            return request.method(sample.method(), BodyPublishers.noBody()).build();
        }
        String text = HostJson.MAPPER.writeValueAsString(sample.body());
        return request.header("Content-Type", "application/json")
                .method(sample.method(), BodyPublishers.ofString(text))
                .build();
    }

    private static HttpRequest.Builder request(int port, String path, Duration limit) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(limit);
    }

    private CompletableFuture<Answer> send(HttpRequest request) {
        long started = System.nanoTime();
        return client.sendAsync(request, BodyHandlers.ofString())
                .handle((response, error) -> answer(response, error, (System.nanoTime() - started) / 1e6));
    }

    private static Answer answer(@Nullable HttpResponse<String> response, @Nullable Throwable error, double took) {
        if (response != null) {
            return new Answer(response.statusCode(), response.body(), took);
        }
        Throwable cause = error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
        return new Answer(null, reason(cause), took);
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause instanceof ConnectException) {
            return "connection refused";
        }
        if (cause instanceof HttpTimeoutException) {
            return "no answer in time";
        }
        if (cause instanceof IOException && cause.getMessage() != null) {
            return "no HTTP answer: " + cause.getMessage();
        }
        return String.valueOf(cause);
    }

    private static Answer join(CompletableFuture<Answer> pending) {
        try {
            return pending.get();
        } catch (InterruptedException interrupted) {
            pending.cancel(true);
            Thread.currentThread().interrupt();
            return new Answer(null, "interrupted", 0);
        } catch (ExecutionException unexpected) {
            return new Answer(null, String.valueOf(unexpected.getCause()), 0);
        }
    }
}
