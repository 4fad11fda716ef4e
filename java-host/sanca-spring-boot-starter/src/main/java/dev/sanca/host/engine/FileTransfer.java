package dev.sanca.host.engine;

import com.google.protobuf.ByteString;
import dev.sanca.host.engine.proto.EngineGrpc;
import dev.sanca.host.engine.proto.EngineGrpc.EngineBlockingStub;
import dev.sanca.host.engine.proto.EngineGrpc.EngineStub;
import dev.sanca.host.engine.proto.FileChunk;
import dev.sanca.host.engine.proto.GetFileRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** Files to and from the engine, in chunks. */
final class FileTransfer {
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final long SECONDS = 120;

    private FileTransfer() {}

    static CompletableFuture<FileInfo> put(
            EngineStub stub, Caller caller, String sessionId, String name, String mediaType, InputStream data) {
        UnaryFuture<dev.sanca.host.engine.proto.FileInfo, FileInfo> answer = new UnaryFuture<>(ProtoMapper::file);
        FileChunk.Builder first = FileChunk.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setInfo(dev.sanca.host.engine.proto.FileInfo.newBuilder()
                        .setSessionId(sessionId)
                        .setName(name)
                        .setMediaType(mediaType));
        send(withDeadline(stub).putFile(answer), first, data, answer);
        return answer;
    }

    static EngineStub withDeadline(EngineStub stub) {
        return stub.withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
    }

    /** Sends a file until it ends or the engine has answered, whichever comes first. */
    static void send(
            StreamObserver<FileChunk> chunks, FileChunk.Builder first, InputStream data, CompletableFuture<?> answer) {
        try {
            FileChunk.Builder next = first;
            byte[] bytes = data.readNBytes(CHUNK_BYTES);
            do {
                chunks.onNext(next.setData(ByteString.copyFrom(bytes)).build());
                next = FileChunk.newBuilder();
                bytes = data.readNBytes(CHUNK_BYTES);
            } while (bytes.length > 0 && !answer.isDone());
            chunks.onCompleted();
        } catch (IOException error) {
            chunks.onError(error);
            throw new UncheckedIOException(error);
        }
    }

    static void get(EngineStub stub, Caller caller, String fileId, Consumer<FileInfo> head, OutputStream data) {
        GetFileRequest request = GetFileRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setFileId(fileId)
                .build();
        receive(stub, blocking -> blocking.getFile(request), head, data);
    }

    /** Reads a file that the engine streams: first what it is, then its bytes. */
    static void receive(
            EngineStub stub,
            Function<EngineBlockingStub, Iterator<FileChunk>> call,
            Consumer<FileInfo> head,
            OutputStream data) {
        try {
            Iterator<FileChunk> chunks = call.apply(
                    EngineGrpc.newBlockingStub(stub.getChannel()).withDeadlineAfter(SECONDS, TimeUnit.SECONDS));
            boolean first = true;
            while (chunks.hasNext()) {
                FileChunk chunk = chunks.next();
                if (first) {
                    head.accept(ProtoMapper.file(chunk.getInfo()));
                    first = false;
                }
                chunk.getData().writeTo(data);
            }
        } catch (StatusRuntimeException error) {
            throw EngineErrors.of(error);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
