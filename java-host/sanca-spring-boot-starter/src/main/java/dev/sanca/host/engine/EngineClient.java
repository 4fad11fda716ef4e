package dev.sanca.host.engine;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The engine, for portal code. Every method returns at once; futures fail with an {@link EngineException}. The user who
 * starts a run is recorded before it starts: its tool calls have that user's rights.
 */
public interface EngineClient {
    /** Starts a run of a session; listen to its events or wait for its result. */
    EngineRun startRun(RunRequest request, RunListener listener);

    /** Starts a run of Python that the caller wrote. */
    default EngineRun startAction(Caller caller, String sessionId, String code, RunListener listener) {
        return startRun(new RunRequest(caller, sessionId, new RunInput.Action(code)), listener);
    }

    /** Listens to a run: its events after {@code fromSeq}, then live ones. */
    EngineRun attachRun(Caller caller, String runId, long fromSeq, RunListener listener);

    /** Listens to all stored events of a session, then to its live run. Returns what stops listening. */
    default Runnable attachSession(Caller caller, String sessionId, RunListener listener) {
        return attachSession(caller, sessionId, EventPlace.START, listener);
    }

    /** Listens to the events of a session after one of them, then to its live run. Returns what stops listening. */
    Runnable attachSession(Caller caller, String sessionId, EventPlace after, RunListener listener);

    /** Answers an interrupt; the host records an approval before the engine hears of it. */
    EngineRun answer(RunAnswer answer, RunListener listener);

    CompletableFuture<RunInfo> cancel(Caller caller, String runId);

    CompletableFuture<RunInfo> getRun(Caller caller, String runId);

    CompletableFuture<List<RunInfo>> listRuns(Caller caller, String sessionId, int limit);

    CompletableFuture<List<SessionInfo>> listSessions(Caller caller, int limit);

    CompletableFuture<SessionInfo> renameSession(Caller caller, String sessionId, String title);

    CompletableFuture<Void> deleteSession(Caller caller, String sessionId);

    /** @param thumb {@code up} or {@code down} */
    CompletableFuture<Void> giveFeedback(Caller caller, String runId, String thumb, String comment);

    /** Tells a run what its page did with a command; one that nobody waits for any more is ignored. */
    CompletableFuture<Void> pageReply(Caller caller, String runId, PageReply reply);

    /** Puts a file into a session; reads the stream on the calling thread. */
    CompletableFuture<FileInfo> putFile(
            Caller caller, String sessionId, String name, String mediaType, InputStream data);

    /** Reads a file: first what it is, then its bytes, on the calling thread. */
    void getFile(Caller caller, String fileId, Consumer<FileInfo> head, OutputStream data);

    CompletableFuture<List<ModelInfo>> getModels(Caller caller);

    /** @param apiKey empty: keep the one there is */
    CompletableFuture<List<ModelInfo>> setModel(Caller caller, ModelInfo model, String apiKey);

    CompletableFuture<List<ModelInfo>> removeModel(Caller caller, String role);

    CompletableFuture<ModelTest> testModel(Caller caller, ModelInfo model, String apiKey);

    CompletableFuture<List<SkillInfo>> listSkills(Caller caller);

    CompletableFuture<EngineInfo> health();
}
