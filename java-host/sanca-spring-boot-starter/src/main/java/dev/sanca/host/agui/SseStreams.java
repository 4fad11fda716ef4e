package dev.sanca.host.agui;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Opens streams and keeps the open ones alive. */
final class SseStreams implements AutoCloseable {
    private final Set<SseStream> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "sanca-keep-alive");
        thread.setDaemon(true);
        return thread;
    });

    SseStreams(AguiProperties properties) {
        long millis = properties.keepAlive().toMillis();
        clock.scheduleWithFixedDelay(() -> open.forEach(SseStream::keepAlive), millis, millis, TimeUnit.MILLISECONDS);
    }

    SseStream open(HttpServletRequest request, HttpServletResponse response, boolean needsTerminal) {
        SseStream stream = new SseStream(request, response, needsTerminal, open::remove);
        open.add(stream);
        return stream;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
