package dev.sanca.host.engine;

import dev.sanca.host.engine.proto.EngineGrpc.EngineStub;
import dev.sanca.host.engine.proto.ExportMemoryRequest;
import dev.sanca.host.engine.proto.FileChunk;
import dev.sanca.host.engine.proto.ForgetMemoryReply;
import dev.sanca.host.engine.proto.ForgetMemoryRequest;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** {@link EngineMemory} over gRPC. */
final class GrpcEngineMemory implements EngineMemory {
    private static final long SECONDS = 30;
    private static final long EVERYTHING_SECONDS = 300;
    private final EngineConnection connection;

    GrpcEngineMemory(EngineConnection connection) {
        this.connection = connection;
    }

    @Override
    public CompletableFuture<MemoryPage> search(Caller caller, MemoryQuery query) {
        return connection.ask(
                (stub, answer) -> stub.searchMemory(MemoryMapper.search(caller, query), answer),
                MemoryMapper::page,
                SECONDS);
    }

    @Override
    public CompletableFuture<MemoryItem> edit(Caller caller, MemoryItem.Change change) {
        return connection.ask(
                (stub, answer) -> stub.editMemory(MemoryMapper.edit(caller, change), answer),
                MemoryMapper::item,
                SECONDS);
    }

    @Override
    public CompletableFuture<Long> forget(Caller caller, List<MemoryItem.Key> items) {
        ForgetMemoryRequest.Builder request = forgetting(caller);
        items.forEach(item -> request.addItems(MemoryMapper.key(item)));
        return forget(request, SECONDS);
    }

    @Override
    public CompletableFuture<Long> forgetEverything(Caller caller) {
        return forget(forgetting(caller).setEverything(true), EVERYTHING_SECONDS);
    }

    @Override
    public CompletableFuture<Long> forgetDocument(Caller caller, String document) {
        return forget(forgetting(caller).setDocument(document), SECONDS);
    }

    @Override
    public void export(Caller caller, Consumer<FileInfo> head, OutputStream data) {
        ExportMemoryRequest request = ExportMemoryRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .build();
        FileTransfer.receive(connection.stub(), blocking -> blocking.exportMemory(request), head, data);
    }

    @Override
    public CompletableFuture<AddedDocument> addDocument(
            Caller caller, String name, String mediaType, InputStream data) {
        UnaryFuture<dev.sanca.host.engine.proto.AddKnowledgeReply, AddedDocument> answer =
                new UnaryFuture<>(MemoryMapper::added);
        FileChunk.Builder first = FileChunk.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setInfo(dev.sanca.host.engine.proto.FileInfo.newBuilder()
                        .setName(name)
                        .setMediaType(mediaType));
        EngineStub stub = FileTransfer.withDeadline(connection.stub());
        FileTransfer.send(stub.addKnowledge(answer), first, data, answer);
        return answer;
    }

    private static ForgetMemoryRequest.Builder forgetting(Caller caller) {
        return ForgetMemoryRequest.newBuilder().setCaller(ProtoMapper.caller(caller));
    }

    private CompletableFuture<Long> forget(ForgetMemoryRequest.Builder request, long seconds) {
        return connection.ask(
                (stub, answer) -> stub.forgetMemory(request.build(), answer), ForgetMemoryReply::getForgotten, seconds);
    }
}
