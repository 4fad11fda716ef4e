package dev.sanca.host.engine;

import dev.sanca.host.access.Approvals;
import dev.sanca.host.access.RunPrincipals;
import dev.sanca.host.calls.ResultPages;
import dev.sanca.host.engine.proto.AnswerRequest;
import dev.sanca.host.engine.proto.AttachRunRequest;
import dev.sanca.host.engine.proto.AttachSessionRequest;
import dev.sanca.host.engine.proto.CancelRunRequest;
import dev.sanca.host.engine.proto.DeleteSessionRequest;
import dev.sanca.host.engine.proto.Empty;
import dev.sanca.host.engine.proto.EngineGrpc.EngineStub;
import dev.sanca.host.engine.proto.FeedbackRequest;
import dev.sanca.host.engine.proto.GetModelsRequest;
import dev.sanca.host.engine.proto.GetRunRequest;
import dev.sanca.host.engine.proto.HealthRequest;
import dev.sanca.host.engine.proto.ListRunsRequest;
import dev.sanca.host.engine.proto.ListSessionsRequest;
import dev.sanca.host.engine.proto.ListSkillsRequest;
import dev.sanca.host.engine.proto.ModelEntry;
import dev.sanca.host.engine.proto.RenameSessionRequest;
import dev.sanca.host.engine.proto.SetModelRequest;
import dev.sanca.host.engine.proto.StartRunRequest;
import io.micrometer.core.instrument.Timer;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@link EngineClient} over gRPC. */
final class GrpcEngineClient implements EngineClient {
    private static final long UNARY_SECONDS = 15;
    private static final long MODEL_SECONDS = 60;
    private final EngineConnection connection;
    private final RunPrincipals principals;
    private final Approvals approvals;
    private final RunMeters meters;
    private final ResultPages results;

    GrpcEngineClient(
            EngineConnection connection,
            RunPrincipals principals,
            Approvals approvals,
            RunMeters meters,
            ResultPages results) {
        this.connection = connection;
        this.principals = principals;
        this.approvals = approvals;
        this.meters = meters;
        this.results = results;
    }

    @Override
    public EngineRun startRun(RunRequest request, RunListener listener) {
        String runId = "run_" + UUID.randomUUID().toString().replace("-", "");
        EngineStub stub = connection.stub();
        principals.record(runId, request.caller().principal());
        Timer.Sample clock = meters.begin(request.input().getClass().getSimpleName());
        RunStream<StartRunRequest> stream = new RunStream<>(listener, approvals, (outcome, result) -> {
            meters.end(clock, outcome);
            release(result);
        });
        stub.startRun(ProtoMapper.startRun(request, runId), stream);
        return new Handle(runId, request.caller(), stream.result());
    }

    @Override
    public EngineRun attachRun(Caller caller, String runId, long fromSeq, RunListener listener) {
        RunStream<AttachRunRequest> stream = listening(listener);
        connection
                .stub()
                .attachRun(
                        AttachRunRequest.newBuilder()
                                .setCaller(ProtoMapper.caller(caller))
                                .setRunId(runId)
                                .setFromSeq(fromSeq)
                                .build(),
                        stream);
        return new Handle(runId, caller, stream.result());
    }

    @Override
    public Runnable attachSession(Caller caller, String sessionId, EventPlace after, RunListener listener) {
        RunStream<AttachSessionRequest> stream = listening(listener);
        connection
                .stub()
                .attachSession(
                        AttachSessionRequest.newBuilder()
                                .setCaller(ProtoMapper.caller(caller))
                                .setSessionId(sessionId)
                                .setAfterRunId(after.runId())
                                .setAfterSeq(after.seq())
                                .build(),
                        stream);
        return stream::stopListening;
    }

    @Override
    public EngineRun answer(RunAnswer answer, RunListener listener) {
        EngineStub stub = connection.stub();
        String callId = answer.interruptId();
        approvals.answered(callId, answer.approved(), answer.caller().principal(), principals);
        RunStream<AnswerRequest> stream = listening(listener);
        stub.answer(
                AnswerRequest.newBuilder()
                        .setCaller(ProtoMapper.caller(answer.caller()))
                        .setInterruptId(callId)
                        .setApproved(answer.approved())
                        .setReason(answer.reason())
                        .setValueJson(answer.valueJson())
                        .setAguiRunId(answer.aguiRunId())
                        .build(),
                stream);
        int slash = callId.lastIndexOf('/');
        return new Handle(slash < 0 ? callId : callId.substring(0, slash), answer.caller(), stream.result());
    }

    @Override
    public CompletableFuture<RunInfo> cancel(Caller caller, String runId) {
        CancelRunRequest request = CancelRunRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setRunId(runId)
                .build();
        return connection.ask((stub, answer) -> stub.cancelRun(request, answer), ProtoMapper::run, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<RunInfo> getRun(Caller caller, String runId) {
        GetRunRequest request = GetRunRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setRunId(runId)
                .build();
        return connection.ask((stub, answer) -> stub.getRun(request, answer), ProtoMapper::run, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<List<RunInfo>> listRuns(Caller caller, String sessionId, int limit) {
        ListRunsRequest request = ListRunsRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setSessionId(sessionId)
                .setLimit(limit)
                .build();
        return connection.ask((stub, answer) -> stub.listRuns(request, answer), ProtoMapper::runs, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<List<SessionInfo>> listSessions(Caller caller, int limit) {
        ListSessionsRequest request = ListSessionsRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setLimit(limit)
                .build();
        return connection.ask(
                (stub, answer) -> stub.listSessions(request, answer), ProtoMapper::sessions, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<SessionInfo> renameSession(Caller caller, String sessionId, String title) {
        RenameSessionRequest request = RenameSessionRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setSessionId(sessionId)
                .setTitle(title)
                .build();
        return connection.ask(
                (stub, answer) -> stub.renameSession(request, answer), ProtoMapper::session, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<Void> deleteSession(Caller caller, String sessionId) {
        DeleteSessionRequest request = DeleteSessionRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setSessionId(sessionId)
                .build();
        return connection.<Empty, Void>ask(
                (stub, answer) -> stub.deleteSession(request, answer), nothing -> null, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<Void> giveFeedback(Caller caller, String runId, String thumb, String comment) {
        FeedbackRequest request = FeedbackRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setRunId(runId)
                .setThumb(thumb)
                .setComment(comment)
                .build();
        return connection.<Empty, Void>ask(
                (stub, answer) -> stub.giveFeedback(request, answer), nothing -> null, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<Void> pageReply(Caller caller, String runId, PageReply reply) {
        return connection.<Empty, Void>ask(
                (stub, answer) -> stub.pageReply(ProtoMapper.pageReply(caller, runId, reply), answer),
                nothing -> null,
                UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<FileInfo> putFile(
            Caller caller, String sessionId, String name, String mediaType, InputStream data) {
        return FileTransfer.put(connection.stub(), caller, sessionId, name, mediaType, data);
    }

    @Override
    public void getFile(Caller caller, String fileId, Consumer<FileInfo> head, OutputStream data) {
        FileTransfer.get(connection.stub(), caller, fileId, head, data);
    }

    @Override
    public CompletableFuture<List<ModelInfo>> getModels(Caller caller) {
        GetModelsRequest request = GetModelsRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .build();
        return connection.ask((stub, answer) -> stub.getModels(request, answer), ProtoMapper::models, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<List<ModelInfo>> setModel(Caller caller, ModelInfo model, String apiKey) {
        SetModelRequest request = setModelRequest(caller, ProtoMapper.model(model), apiKey, false);
        return connection.ask((stub, answer) -> stub.setModel(request, answer), ProtoMapper::models, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<List<ModelInfo>> removeModel(Caller caller, String role) {
        ModelEntry entry = ModelEntry.newBuilder().setRole(role).build();
        SetModelRequest request = setModelRequest(caller, entry, "", true);
        return connection.ask((stub, answer) -> stub.setModel(request, answer), ProtoMapper::models, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<ModelTest> testModel(Caller caller, ModelInfo model, String apiKey) {
        SetModelRequest request = setModelRequest(caller, ProtoMapper.model(model), apiKey, false);
        return connection.ask((stub, answer) -> stub.testModel(request, answer), ProtoMapper::modelTest, MODEL_SECONDS);
    }

    @Override
    public CompletableFuture<List<SkillInfo>> listSkills(Caller caller) {
        ListSkillsRequest request = ListSkillsRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .build();
        return connection.ask((stub, answer) -> stub.listSkills(request, answer), ProtoMapper::skills, UNARY_SECONDS);
    }

    @Override
    public CompletableFuture<EngineInfo> health() {
        return connection.ask(
                (stub, answer) -> stub.health(HealthRequest.getDefaultInstance(), answer),
                ProtoMapper::health,
                UNARY_SECONDS);
    }

    /** Tells a living engine to read the toolkits again. */
    CompletableFuture<Void> toolkitsChanged() {
        return connection.<Empty, Void>ask(
                (stub, answer) -> stub.toolkitsChanged(Empty.getDefaultInstance(), answer),
                nothing -> null,
                UNARY_SECONDS);
    }

    private static SetModelRequest setModelRequest(Caller caller, ModelEntry entry, String apiKey, boolean remove) {
        return SetModelRequest.newBuilder()
                .setCaller(ProtoMapper.caller(caller))
                .setEntry(entry)
                .setApiKey(apiKey)
                .setRemove(remove)
                .build();
    }

    private <Q> RunStream<Q> listening(RunListener listener) {
        return new RunStream<>(listener, approvals, (outcome, result) -> release(result));
    }

    /** A run that ended reads no more of what its tools returned; one that waits for a person may. */
    private void release(@Nullable RunResult result) {
        if (result != null && !result.status().equals("needs_input")) {
            results.release(result.runId());
        }
    }

    private final class Handle implements EngineRun {
        private final String runId;
        private final Caller caller;
        private final CompletableFuture<RunResult> result;

        Handle(String runId, Caller caller, CompletableFuture<RunResult> result) {
            this.runId = runId;
            this.caller = caller;
            this.result = result;
        }

        @Override
        public String runId() {
            return runId;
        }

        @Override
        public CompletableFuture<RunResult> result() {
            return result;
        }

        @Override
        public CompletableFuture<RunInfo> cancel() {
            return GrpcEngineClient.this.cancel(caller, runId);
        }

        @Override
        public CompletableFuture<RunInfo> status() {
            return getRun(caller, runId);
        }
    }
}
