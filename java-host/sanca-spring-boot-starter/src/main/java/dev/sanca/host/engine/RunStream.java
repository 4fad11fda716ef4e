package dev.sanca.host.engine;

import dev.sanca.host.HostJson;
import dev.sanca.host.access.Approvals;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A stream of a run's events on its way to a listener. Looks only into terminal events: the questions in them are
 * recorded before anybody sees them, and they complete the result.
 */
final class RunStream<Q> implements ClientResponseObserver<Q, dev.sanca.host.engine.proto.RunEvent> {
    private static final Logger LOG = LoggerFactory.getLogger(RunStream.class);
    private final RunListener listener;
    private final Approvals approvals;
    private final BiConsumer<String, @Nullable RunResult> onEnd;
    private final CompletableFuture<RunResult> result = new CompletableFuture<>();
    private @Nullable ClientCallStreamObserver<Q> call;

    /** @param onEnd hears how it ended, for meters: an outcome, and the result if there is one */
    RunStream(RunListener listener, Approvals approvals, BiConsumer<String, @Nullable RunResult> onEnd) {
        this.listener = listener;
        this.approvals = approvals;
        this.onEnd = onEnd;
    }

    CompletableFuture<RunResult> result() {
        return result;
    }

    /** Stops listening; the run goes on. */
    void stopListening() {
        ClientCallStreamObserver<Q> current = call;
        if (current != null) {
            current.cancel("nobody listens any more", null);
        }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> stream) {
        this.call = stream;
    }

    @Override
    public void onNext(dev.sanca.host.engine.proto.RunEvent event) {
        String json = event.getEventJson();
        if (isTerminal(json)) {
            look(event.getRunId(), json);
        }
        listener.onEvent(ProtoMapper.event(event));
    }

    @Override
    public void onError(Throwable error) {
        EngineException failure = EngineErrors.of(error);
        if (result.completeExceptionally(failure)) {
            onEnd.accept("lost", null);
        }
        listener.onFailure(failure);
    }

    @Override
    public void onCompleted() {
        if (!result.isDone()) {
            result.completeExceptionally(
                    new EngineException(EngineException.Kind.FAILED, "The run ended without saying how.", null));
            onEnd.accept("lost", null);
        }
        listener.onEnd();
    }

    private static boolean isTerminal(String json) {
        return json.contains("\"RUN_FINISHED\"") || json.contains("\"RUN_ERROR\"");
    }

    private void look(String runId, String json) {
        try {
            JsonNode event = HostJson.LENIENT.readTree(json);
            String type = event.path("type").asString("");
            if (type.equals("RUN_FINISHED")) {
                event.path("outcome").path("interrupts").forEach(interrupt -> record(runId, interrupt));
                end(finished(runId, event));
            } else if (type.equals("RUN_ERROR")) {
                end(new RunResult(runId, "failed", event.path("message").asString(""), event));
            }
        } catch (JacksonException error) {
            LOG.warn("An event of run {} is not JSON.", runId);
        }
    }

    private void end(RunResult ended) {
        if (result.complete(ended)) {
            onEnd.accept(ended.status(), ended);
        }
    }

    private void record(String runId, JsonNode interrupt) {
        JsonNode metadata = interrupt.path("metadata");
        if (interrupt.path("reason").asString("").equals("approval")) {
            approvals.asked(
                    interrupt.path("id").asString(""),
                    metadata.path("runId").asString(runId),
                    metadata.path("toolkit").asString(""),
                    metadata.path("tool").asString(""),
                    metadata.path("argumentsJson").asString(""));
        }
    }

    private static RunResult finished(String runId, JsonNode event) {
        JsonNode details = event.path("result");
        String status = switch (event.path("outcome").path("type").asString("success")) {
            case "interrupt" -> "needs_input";
            case "cancelled" -> "cancelled";
            default -> details.path("status").asString("done");
        };
        return new RunResult(
                runId,
                status,
                details.path("answer").asString(""),
                details.isMissingNode() ? event.path("outcome") : details);
    }
}
