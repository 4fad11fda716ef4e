package dev.sanca.host.engine;

import dev.sanca.host.SancaHome;
import dev.sanca.host.engine.proto.EngineGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The channel to the engine named in engine.json; opened when first used, and anew when another engine is named. */
final class EngineConnection implements AutoCloseable {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final int MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
    private final Path file;
    private @Nullable EngineFile engine;
    private @Nullable ManagedChannel channel;
    private EngineGrpc.@Nullable EngineStub stub;

    EngineConnection(SancaHome home) {
        this.file = home.resolve(EngineFile.NAME);
    }

    /** The engine that lives now. */
    synchronized EngineGrpc.EngineStub stub() {
        EngineFile named = EngineFile.read(file)
                .orElseThrow(() -> new EngineException(
                        EngineException.Kind.UNAVAILABLE,
                        "The engine is not running yet; please try once more in a moment.",
                        null));
        if (stub == null || !named.equals(engine)) {
            close();
            open(named);
        }
        return stub;
    }

    /** One question and its one answer; an engine that is not there fails the answer, not the call. */
    <T, R> CompletableFuture<R> ask(
            BiConsumer<EngineGrpc.EngineStub, StreamObserver<T>> call, Function<T, R> mapper, long seconds) {
        UnaryFuture<T, R> answer = new UnaryFuture<>(mapper);
        try {
            call.accept(stub().withDeadlineAfter(seconds, TimeUnit.SECONDS), answer);
        } catch (EngineException error) {
            answer.completeExceptionally(error);
        }
        return answer;
    }

    private void open(EngineFile named) {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + named.token());
        ManagedChannel opened = NettyChannelBuilder.forTarget("dns:///" + named.address())
                .usePlaintext()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
        engine = named;
        channel = opened;
        stub = EngineGrpc.newStub(opened).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    /** Ends all streams; the next use opens anew. */
    @Override
    public synchronized void close() {
        ManagedChannel opened = channel;
        if (opened != null) {
            opened.shutdownNow();
            channel = null;
            stub = null;
            engine = null;
        }
    }
}
