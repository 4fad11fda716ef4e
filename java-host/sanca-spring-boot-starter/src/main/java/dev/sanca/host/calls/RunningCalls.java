package dev.sanca.host.calls;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The calls that run now, by id. One sweeper interrupts the overdue ones: a timer a call would cost each read a wake-up.
 */
final class RunningCalls implements AutoCloseable {
    private static final long SWEEP_MILLIS = 100;
    private static final long PRUNE_MINUTES = 10;
    private static final long RESULTS_SECONDS = 10;
    private static final int FORBIDDEN_IDS = 10_000;
    private final ConcurrentMap<String, RunningCall> calls = new ConcurrentHashMap<>();
    private final Map<String, Boolean> forbidden = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > FORBIDDEN_IDS;
        }
    };
    private final ScheduledExecutorService sweeper = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "sanca-calls");
        thread.setDaemon(true);
        return thread;
    });

    RunningCalls(CallRecord calls, ResultPages pages) {
        sweeper.scheduleWithFixedDelay(this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
        sweeper.scheduleWithFixedDelay(calls::prune, 1, PRUNE_MINUTES, TimeUnit.MINUTES);
        sweeper.scheduleWithFixedDelay(pages::sweep, RESULTS_SECONDS, RESULTS_SECONDS, TimeUnit.SECONDS);
    }

    /** Adds a call; returns the one that has the id already, if there is one. */
    @Nullable RunningCall add(String callId, RunningCall call) {
        return calls.putIfAbsent(callId, call);
    }

    void remove(String callId) {
        calls.remove(callId);
    }

    Optional<RunningCall> find(String callId) {
        return Optional.ofNullable(calls.get(callId));
    }

    /** Keeps a call from beginning that has not come yet: it may be on its way while it is cancelled. */
    void forbid(String callId) {
        synchronized (forbidden) {
            forbidden.put(callId, true);
        }
    }

    boolean isForbidden(String callId) {
        synchronized (forbidden) {
            return !forbidden.isEmpty() && forbidden.containsKey(callId);
        }
    }

    int count() {
        return calls.size();
    }

    @Override
    public void close() {
        sweeper.shutdown(); // not shutdownNow: an interrupt in mid-write would close the store's file
    }

    private void sweep() {
        if (!calls.isEmpty()) {
            long now = System.nanoTime();
            calls.values().stream()
                    .filter(call -> call.isOverdue(now))
                    .forEach(call -> call.interrupt(RunningCall.Stop.TIMED_OUT));
        }
    }
}
