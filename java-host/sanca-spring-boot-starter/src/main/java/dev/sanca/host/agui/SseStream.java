package dev.sanca.host.agui;

import dev.sanca.host.HostException;
import dev.sanca.host.HostJson;
import dev.sanca.host.engine.EngineException;
import dev.sanca.host.engine.RunEvent;
import dev.sanca.host.engine.RunListener;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;

/**
 * One answer of server-sent events: each event's JSON goes out as it came, flushed at once, LF framing, with an id from
 * which a broken connection goes on. Nothing is sent before the first event, so that a refusal can still be a plain HTTP
 * error. Always ends with a terminal event.
 */
final class SseStream implements RunListener {
    private static final Logger LOG = LoggerFactory.getLogger(SseStream.class);
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] KEEP_ALIVE = ": keep-alive\n\n".getBytes(StandardCharsets.UTF_8);
    private final AsyncContext async;
    private final HttpServletResponse response;
    private final boolean needsTerminal;
    private final Consumer<SseStream> onClose;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean begun;
    private boolean terminal;
    private boolean closed;

    /**
     * @param needsTerminal whether a stream that ends without a terminal event is an error
     * @param onClose called once when it is over, also when the browser went away
     */
    SseStream(
            HttpServletRequest request,
            HttpServletResponse response,
            boolean needsTerminal,
            Consumer<SseStream> onClose) {
        this.response = response;
        this.needsTerminal = needsTerminal;
        this.onClose = onClose;
        this.async = request.startAsync(request, response);
        async.setTimeout(0);
    }

    @Override
    public void onEvent(RunEvent event) {
        String json = event.json();
        terminal = json.contains("\"RUN_FINISHED\"") || json.contains("\"RUN_ERROR\"");
        send(EventIds.of(event), json);
    }

    @Override
    public void onEnd() {
        if (needsTerminal && !terminal) {
            sendError("failed", "The run ended without saying how.");
        }
        close();
    }

    @Override
    public void onFailure(EngineException failure) {
        boolean lost = failure.kind() == EngineException.Kind.UNAVAILABLE;
        if (!begun && !lost) {
            refuse(failure);
            return;
        }
        if (!terminal) {
            sendError(lost ? "engine_lost" : "failed", failure.getMessage());
        }
        close();
    }

    /** Ends the stream with a sentence of the host's own. */
    void fail(HostException error) {
        if (begun) {
            sendError("failed", error.getMessage());
            close();
        } else {
            refuse(error);
        }
    }

    /** A comment, if nothing else is being written. */
    void keepAlive() {
        if (lock.tryLock()) {
            try {
                if (begun && !closed) {
                    write(KEEP_ALIVE);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void sendError(String code, String message) {
        terminal = true;
        send(
                "",
                HostJson.MAPPER
                        .createObjectNode()
                        .put("type", "RUN_ERROR")
                        .put("message", message)
                        .put("code", code)
                        .toString());
    }

    private void send(String id, String json) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            begin();
            String lines = json.replace("\n", "\ndata: ");
            String named = id.isEmpty() ? "" : "id: " + id + "\n";
            write(named.getBytes(StandardCharsets.UTF_8), DATA, lines.getBytes(StandardCharsets.UTF_8), END);
        } finally {
            lock.unlock();
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            response.setStatus(HttpServletResponse.SC_OK);
            response.setContentType("text/event-stream;charset=UTF-8");
            response.setHeader("Cache-Control", "no-store");
            response.setHeader("X-Accel-Buffering", "no");
        }
    }

    private void write(byte[]... parts) {
        try {
            ServletOutputStream out = response.getOutputStream();
            for (byte[] part : parts) {
                out.write(part);
            }
            response.flushBuffer();
        } catch (IOException | IllegalStateException gone) {
            LOG.debug("The browser went away; the run goes on: {}", gone.getMessage());
            close();
        }
    }

    private void refuse(HostException error) {
        lock.lock();
        try {
            begun = true;
            ProblemDetail problem = Problems.of(error);
            response.setStatus(problem.getStatus());
            response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
            write(HostJson.MAPPER.writeValueAsBytes(problem));
            close();
        } finally {
            lock.unlock();
        }
    }

    private void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        onClose.accept(this);
        try {
            async.complete();
        } catch (IllegalStateException already) {
            LOG.debug("The stream was completed already: {}", already.getMessage());
        }
    }
}
