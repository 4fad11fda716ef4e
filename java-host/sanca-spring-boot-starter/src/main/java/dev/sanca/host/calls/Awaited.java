package dev.sanca.host.calls;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;

/** Waits for results that come later. An interrupt (cancel, time limit) cancels what is waited for. */
final class Awaited {
    private Awaited() {}

    /** The value itself, or what it becomes. */
    static @Nullable Object settle(@Nullable Object value) throws Exception {
        Object settled = value;
        while (settled != null) {
            ReactiveAdapter adapter = reactive(settled);
            if (settled instanceof CompletionStage<?> stage) { // also some that are futures and cannot be waited for
                settled = await(stage.toCompletableFuture());
            } else if (settled instanceof Future<?> future) {
                settled = await(future);
            } else if (settled instanceof Optional<?> optional) {
                settled = optional.orElse(null);
            } else if (adapter != null && !adapter.isMultiValue()) {
                settled = await(adapter, settled);
            } else {
                break;
            }
        }
        return settled;
    }

    /** How to read a reactive type of whatever library the portal has; null: it is none. */
    static @Nullable ReactiveAdapter reactive(@Nullable Object value) {
        return value == null || isPlain(value)
                ? null
                : ReactiveAdapterRegistry.getSharedInstance().getAdapter(value.getClass());
    }

    /** What most tools return: looked at first, so that no adapter is searched for it. */
    private static boolean isPlain(Object value) {
        return value instanceof CharSequence
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof Collection<?>
                || value instanceof Map<?, ?>
                || value instanceof Record
                || value instanceof CompletionStage<?>;
    }

    private static @Nullable Object await(Future<?> future) throws Exception {
        try {
            return future.get();
        } catch (InterruptedException stopped) {
            future.cancel(true);
            throw stopped;
        } catch (ExecutionException error) {
            throw error.getCause() instanceof Exception cause ? cause : error;
        }
    }

    private static @Nullable Object await(ReactiveAdapter adapter, Object source) throws Exception {
        PublisherPieces pieces = PublisherPieces.of(adapter, source, null);
        try {
            Optional<Object> only = pieces.readOne();
            return only.orElse(null);
        } finally {
            pieces.close();
        }
    }
}
