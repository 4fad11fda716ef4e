package dev.sanca.host.engine;

import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The one answer of a unary call, as a future of our own type. */
final class UnaryFuture<T, R> extends CompletableFuture<R> implements StreamObserver<T> {
    private final Function<T, R> mapper;
    private @Nullable T answer;

    UnaryFuture(Function<T, R> mapper) {
        this.mapper = mapper;
    }

    @Override
    public void onNext(T value) {
        answer = value;
    }

    @Override
    public void onError(Throwable error) {
        completeExceptionally(EngineErrors.of(error));
    }

    @Override
    public void onCompleted() {
        T value = answer;
        if (value == null) {
            completeExceptionally(new EngineException(
                    EngineException.Kind.FAILED, "The engine gave no answer; its log says more.", null));
        } else {
            complete(mapper.apply(value));
        }
    }
}
