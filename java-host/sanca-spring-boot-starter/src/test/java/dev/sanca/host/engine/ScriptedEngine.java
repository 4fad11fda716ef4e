package dev.sanca.host.engine;

import dev.sanca.host.engine.proto.AddKnowledgeReply;
import dev.sanca.host.engine.proto.AnswerRequest;
import dev.sanca.host.engine.proto.AttachSessionRequest;
import dev.sanca.host.engine.proto.CancelRunRequest;
import dev.sanca.host.engine.proto.EditMemoryRequest;
import dev.sanca.host.engine.proto.Empty;
import dev.sanca.host.engine.proto.EngineGrpc;
import dev.sanca.host.engine.proto.ExportMemoryRequest;
import dev.sanca.host.engine.proto.FileChunk;
import dev.sanca.host.engine.proto.FileInfo;
import dev.sanca.host.engine.proto.ForgetMemoryReply;
import dev.sanca.host.engine.proto.ForgetMemoryRequest;
import dev.sanca.host.engine.proto.GetFileRequest;
import dev.sanca.host.engine.proto.HealthReply;
import dev.sanca.host.engine.proto.HealthRequest;
import dev.sanca.host.engine.proto.LayerCount;
import dev.sanca.host.engine.proto.ListSessionsReply;
import dev.sanca.host.engine.proto.ListSessionsRequest;
import dev.sanca.host.engine.proto.MemoryItem;
import dev.sanca.host.engine.proto.MemoryReason;
import dev.sanca.host.engine.proto.ModelSettings;
import dev.sanca.host.engine.proto.PageReplyRequest;
import dev.sanca.host.engine.proto.RunEvent;
import dev.sanca.host.engine.proto.RunSummary;
import dev.sanca.host.engine.proto.SearchMemoryReply;
import dev.sanca.host.engine.proto.SearchMemoryRequest;
import dev.sanca.host.engine.proto.Session;
import dev.sanca.host.engine.proto.SetModelRequest;
import dev.sanca.host.engine.proto.StartRunRequest;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A real gRPC server that speaks engine.proto from a script: what a message makes it do is its text. */
public final class ScriptedEngine extends EngineGrpc.EngineImplBase implements AutoCloseable, ServerInterceptor {
    private static final String TOKEN = "scripted-token";
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    public final List<StartRunRequest> started = Collections.synchronizedList(new ArrayList<>());
    public final List<AnswerRequest> answered = Collections.synchronizedList(new ArrayList<>());
    public final List<AttachSessionRequest> attached = Collections.synchronizedList(new ArrayList<>());
    public final List<String> cancelled = Collections.synchronizedList(new ArrayList<>());
    public final List<PageReplyRequest> pageReplies = Collections.synchronizedList(new ArrayList<>());
    public final List<SearchMemoryRequest> searched = Collections.synchronizedList(new ArrayList<>());
    public final List<ForgetMemoryRequest> forgotten = Collections.synchronizedList(new ArrayList<>());
    public volatile CountDownLatch release = new CountDownLatch(1);
    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final Path engineFile;
    private final Server server;

    public ScriptedEngine(Path home) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(io.grpc.ServerInterceptors.intercept(this, this))
                .build()
                .start();
        engineFile = home.resolve(EngineFile.NAME);
        Files.writeString(
                engineFile,
                "{\"address\":\"127.0.0.1:" + server.getPort() + "\",\"token\":\"" + TOKEN + "\",\"pid\":"
                        + ProcessHandle.current().pid() + ",\"startedAt\":\"now\",\"version\":\"0\",\"newer\":true}");
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (!("Bearer " + TOKEN).equals(headers.get(AUTHORIZATION))) {
            call.close(Status.UNAUTHENTICATED, new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(call, headers);
    }

    @Override
    public void startRun(StartRunRequest request, StreamObserver<RunEvent> out) {
        started.add(request);
        String run = request.getRunId();
        if (request.getMessage().equals("forbidden")) {
            out.onError(Status.PERMISSION_DENIED
                    .withDescription("This session belongs to another user.")
                    .asRuntimeException());
            return;
        }
        out.onNext(event(run, 1, "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"odd\":  1.50}"));
        switch (request.getMessage()) {
            case "die" -> out.onError(Status.UNAVAILABLE.asRuntimeException());
            case "cut" -> out.onCompleted();
            case "wait" -> {
                await();
                finish(run, out);
            }
            case "ask" -> {
                out.onNext(event(run, 2, interrupt(run)));
                out.onCompleted();
            }
            default -> finish(run, out);
        }
    }

    private void finish(String run, StreamObserver<RunEvent> out) {
        out.onNext(event(
                run,
                2,
                "{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"success\"},\"result\":{\"answer\":\"你好\"}}"));
        out.onCompleted();
    }

    private static String interrupt(String run) {
        return "{\"type\":\"RUN_FINISHED\",\"outcome\":{\"type\":\"interrupt\",\"interrupts\":[{\"id\":\"" + run
                + "/1\",\"reason\":\"approval\",\"metadata\":{\"toolkit\":\"demo\",\"tool\":\"write\","
                + "\"argumentsJson\":\"{\\\"text\\\":\\\"x\\\"}\",\"runId\":\"" + run + "\"}}]}}";
    }

    private void await() {
        try {
            release.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void answer(AnswerRequest request, StreamObserver<RunEvent> out) {
        answered.add(request);
        finish("answered", out);
    }

    @Override
    public void attachSession(AttachSessionRequest request, StreamObserver<RunEvent> out) {
        attached.add(request);
        out.onNext(event("old", 1, "{\"type\":\"RUN_STARTED\",\"replayed\":\"" + request.getSessionId() + "\"}"));
        finish("old", out);
    }

    @Override
    public void cancelRun(CancelRunRequest request, StreamObserver<RunSummary> out) {
        cancelled.add(request.getRunId());
        reply(
                out,
                RunSummary.newBuilder()
                        .setRunId(request.getRunId())
                        .setStatus("cancelled")
                        .build());
    }

    @Override
    public void pageReply(PageReplyRequest request, StreamObserver<Empty> out) {
        pageReplies.add(request);
        reply(out, Empty.getDefaultInstance());
    }

    @Override
    public void listSessions(ListSessionsRequest request, StreamObserver<ListSessionsReply> out) {
        Session session = Session.newBuilder()
                .setSessionId("ses_1")
                .setTitle(request.getCaller().getUser())
                .build();
        reply(out, ListSessionsReply.newBuilder().addSessions(session).build());
    }

    @Override
    public void setModel(SetModelRequest request, StreamObserver<ModelSettings> out) {
        reply(out, ModelSettings.newBuilder().addModels(request.getEntry()).build());
    }

    @Override
    public StreamObserver<FileChunk> putFile(StreamObserver<FileInfo> out) {
        return new StreamObserver<>() {
            private FileInfo info = FileInfo.getDefaultInstance();

            @Override
            public void onNext(FileChunk chunk) {
                info = chunk.hasInfo() ? chunk.getInfo() : info;
                file.writeBytes(chunk.getData().toByteArray());
            }

            @Override
            public void onError(Throwable error) {
                file.reset();
            }

            @Override
            public void onCompleted() {
                reply(
                        out,
                        info.toBuilder()
                                .setFileId("file_1")
                                .setSizeBytes(file.size())
                                .build());
            }
        };
    }

    @Override
    public void getFile(GetFileRequest request, StreamObserver<FileChunk> out) {
        if (!request.getFileId().equals("file_1")) {
            out.onError(
                    Status.NOT_FOUND.withDescription("There is no such file.").asRuntimeException());
            return;
        }
        reply(
                out,
                FileChunk.newBuilder()
                        .setInfo(FileInfo.newBuilder().setName("报告.csv").setSizeBytes(file.size()))
                        .setData(com.google.protobuf.ByteString.copyFrom(file.toByteArray()))
                        .build());
    }

    @Override
    public void searchMemory(SearchMemoryRequest request, StreamObserver<SearchMemoryReply> out) {
        searched.add(request);
        reply(
                out,
                SearchMemoryReply.newBuilder()
                        .addItems(MemoryItem.newBuilder()
                                .setLayer("preference")
                                .setId("language")
                                .setText("Answer in Chinese. 用中文")
                                .setDataJson("{\"kind\":\"language\",\"run_id\":\"run_1\"}")
                                .setRevision(3)
                                .setScore(0.5)
                                .addReasons(MemoryReason.newBuilder()
                                        .setKind("words")
                                        .setDetail("chinese")
                                        .setShare(1))
                                .setCanEdit(true))
                        .addCounts(
                                LayerCount.newBuilder().setLayer("preference").setRecords(1))
                        .setNext("mark")
                        .setStore("sqlite")
                        .build());
    }

    @Override
    public void editMemory(EditMemoryRequest request, StreamObserver<MemoryItem> out) {
        if (request.getItem().getRevision() == 1) {
            out.onError(
                    Status.ABORTED.withDescription("It was changed meanwhile.").asRuntimeException());
            return;
        }
        reply(out, request.getItem().toBuilder().setUpdatedAt("now").build());
    }

    @Override
    public void forgetMemory(ForgetMemoryRequest request, StreamObserver<ForgetMemoryReply> out) {
        forgotten.add(request);
        reply(out, ForgetMemoryReply.newBuilder().setForgotten(2).build());
    }

    @Override
    public void exportMemory(ExportMemoryRequest request, StreamObserver<FileChunk> out) {
        out.onNext(FileChunk.newBuilder()
                .setInfo(FileInfo.newBuilder().setName("记忆.jsonl"))
                .setData(com.google.protobuf.ByteString.copyFromUtf8("{\"user\":\""))
                .build());
        reply(
                out,
                FileChunk.newBuilder()
                        .setData(com.google.protobuf.ByteString.copyFromUtf8(
                                request.getCaller().getUser() + "\"}\n"))
                        .build());
    }

    @Override
    public StreamObserver<FileChunk> addKnowledge(StreamObserver<AddKnowledgeReply> out) {
        return new StreamObserver<>() {
            private String name = "";
            private int bytes;

            @Override
            public void onNext(FileChunk chunk) {
                name = chunk.hasInfo() ? chunk.getInfo().getName() : name;
                bytes += chunk.getData().size();
            }

            @Override
            public void onError(Throwable error) {
                name = "";
            }

            @Override
            public void onCompleted() {
                reply(
                        out,
                        AddKnowledgeReply.newBuilder()
                                .setDocument(name)
                                .setPieces(bytes)
                                .addRemarks("pool.size is 20 here and 30 in b.md.")
                                .build());
            }
        };
    }

    @Override
    public void health(HealthRequest request, StreamObserver<HealthReply> out) {
        reply(out, HealthReply.newBuilder().setStatus("ok").setVersion("0").build());
    }

    private static <T> void reply(StreamObserver<T> out, T value) {
        out.onNext(value);
        out.onCompleted();
    }

    private static RunEvent event(String run, long seq, String json) {
        return RunEvent.newBuilder()
                .setRunId(run)
                .setSeq(seq)
                .setEventJson(json)
                .build();
    }

    @Override
    public void close() throws IOException {
        release.countDown();
        server.shutdownNow();
        Files.deleteIfExists(engineFile);
    }
}
