package dev.sanca.host.calls;

import dev.sanca.host.HostException;
import dev.sanca.host.access.AccessRights;
import dev.sanca.host.budget.RunBudget;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolException;
import dev.sanca.host.toolkit.ToolNotFoundException;
import dev.sanca.host.toolkit.ToolStoppedException;
import dev.sanca.host.toolkit.ToolkitRegistry;
import dev.sanca.host.toolkit.ToolkitRegistry.RegisteredTool;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The one way of a call: seen before? known tool? allowed? within budget? then record, run, record. */
final class RecordedToolCalls implements ToolCalls {
    private static final Logger LOG = LoggerFactory.getLogger(RecordedToolCalls.class);
    private final ToolkitRegistry registry;
    private final AccessRights access;
    private final RunBudget budget;
    private final CallRecord record;
    private final RunningCalls running;
    private final CallReporter reporter;
    private final ResultPages pages;
    private final CallContexts contexts = new CallContexts();

    RecordedToolCalls(
            ToolkitRegistry registry,
            AccessRights access,
            RunBudget budget,
            CallRecord record,
            RunningCalls running,
            CallReporter reporter,
            ResultPages pages) {
        this.registry = registry;
        this.access = access;
        this.budget = budget;
        this.record = record;
        this.running = running;
        this.reporter = reporter;
        this.pages = pages;
    }

    @Override
    public String call(String toolkit, String tool, String argumentsJson, String contextJson) {
        return call(toolkit, tool, argumentsJson, contextJson, Map.of());
    }

    @Override
    public String call(
            String toolkit, String tool, String argumentsJson, String contextJson, Map<String, String> texts) {
        try {
            CallContext context = contexts.read(contextJson);
            CallDigest digest = new CallDigest(toolkit, tool, argumentsJson, texts);
            String known = answerOfRecord(toolkit, tool, context.callId(), digest);
            return known != null ? known : run(toolkit, tool, argumentsJson, texts, context, digest);
        } catch (ToolException refusal) {
            return CallEnvelope.failure(refusal);
        } catch (HostException error) {
            LOG.error("The call of {}.{} was not run.", toolkit, tool, error);
            return CallEnvelope.failure("unavailable", error.getMessage());
        }
    }

    @Override
    public String describe() {
        return registry.describeToEngine();
    }

    @Override
    public String cancel(String callId) {
        running.forbid(callId); // first: a call that is still on its way finds this when it comes
        running.find(callId).ifPresent(call -> call.interrupt(RunningCall.Stop.CANCELLED));
        return status(callId);
    }

    @Override
    public String status(String callId) {
        if (running.find(callId).isPresent()) {
            return CallStates.running(callId);
        }
        return record.find(callId)
                .map(row -> CallStates.of(callId, row.envelope()))
                .orElseGet(() -> running.isForbidden(callId)
                        ? CallStates.of(callId, CallEnvelope.NEVER_BEGAN)
                        : CallStates.never(callId));
    }

    private @Nullable String answerOfRecord(String toolkit, String tool, String callId, CallDigest digest) {
        CallRecord.Row row = record.find(callId).orElse(null);
        if (row == null) {
            return null;
        }
        if (!row.digest().equals(digest.text())) {
            return conflict(callId);
        }
        if (row.isFinal()) {
            return CallEnvelope.replayed(row.answer());
        }
        RunningCall other = running.find(callId).orElse(null);
        if (other != null) {
            return awaitAnswer(other);
        }
        if (isRepeatable(toolkit, tool)) {
            return null; // it was cut off, or said that it may succeed later, and does no harm twice
        }
        return row.envelope() == null ? unknown(callId) : CallEnvelope.replayed(row.answer());
    }

    private boolean isRepeatable(String toolkit, String tool) {
        try {
            return registry.find(toolkit, tool).definition().mayRunTwice();
        } catch (ToolNotFoundException gone) {
            return false;
        }
    }

    private String run(
            String toolkit,
            String tool,
            String argumentsJson,
            Map<String, String> texts,
            CallContext context,
            CallDigest digest) {
        RegisteredTool found = toolkit.equals(ResultPages.TOOLKIT) ? pages.find(tool) : registry.find(toolkit, tool);
        CallContext known = access.identify(context);
        try {
            boolean isExact = found.definition().needsApproval(); // what was approved was all of it
            access.check(
                    known,
                    toolkit,
                    found.definition(),
                    isExact ? LongTexts.joined(argumentsJson, texts) : argumentsJson);
            budget.take(context.runId());
        } catch (ToolException refusal) {
            reporter.refused(toolkit, found.definition(), known, digest.text(), refusal);
            throw refusal;
        }
        JsonNode arguments = LongTexts.tree(argumentsJson, texts);
        double limit = Math.min(found.definition().timeoutSeconds(), positive(context.timeoutSeconds()));
        RunningCall call = new RunningCall(digest, limit);
        RunningCall other = running.add(context.callId(), call);
        if (other != null) {
            return other.digest().text().equals(digest.text()) ? awaitAnswer(other) : conflict(context.callId());
        }
        return runOnce(toolkit, found, arguments, known, call);
    }

    private String runOnce(
            String toolkit, RegisteredTool tool, JsonNode arguments, CallContext context, RunningCall call) {
        String callId = context.callId();
        boolean isEffect = tool.definition().effect() != Effect.READ;
        String envelope = null;
        try {
            CallRecord.Row row = record.find(callId).orElse(null);
            if (row != null && row.isFinal()) { // it ended between our look and our place among the running
                return envelope = CallEnvelope.replayed(row.answer());
            }
            if (running.isForbidden(callId)) {
                return envelope = CallEnvelope.NEVER_BEGAN;
            }
            if (isEffect) {
                record.begin(callId, call.digest().text());
            }
            envelope = execute(tool, arguments, context, call);
            keep(isEffect, callId, call.digest(), envelope);
            report(toolkit, tool, context, call, envelope);
            return envelope;
        } finally {
            call.answer().complete(envelope == null ? unknown(callId) : envelope);
            running.remove(callId);
        }
    }

    /** What is known is told also when it cannot be kept: a repeated id is then unknown, and still not run again. */
    private void keep(boolean isEffect, String callId, CallDigest digest, String envelope) {
        if (!isEffect) {
            if (!CallEnvelope.isText(envelope)) {
                record.finishRead(callId, digest, envelope);
            }
            return;
        }
        try {
            record.finishEffect(callId, digest.text(), envelope);
        } catch (HostException error) {
            LOG.error("How the call {} ended could not be recorded.", callId, error);
        }
    }

    /** A meter or an audit log that fails does not change what happened. */
    private void report(String toolkit, RegisteredTool tool, CallContext context, RunningCall call, String envelope) {
        try {
            reporter.ended(toolkit, tool.definition(), context, call, CallEnvelope.outcome(envelope));
        } catch (RuntimeException error) {
            LOG.error("How the call {} ended could not be reported.", context.callId(), error);
        }
    }

    private String execute(RegisteredTool tool, JsonNode arguments, CallContext context, RunningCall call) {
        Runnable leave = CallSurroundings.make(context);
        try {
            if (!call.begin()) {
                return CallEnvelope.NEVER_BEGAN;
            }
            Object value = tool.toolkit().call(tool.definition().name(), arguments, context);
            String envelope = pages.envelope(value, context, tool.definition().effect() == Effect.READ);
            call.end();
            return envelope;
        } catch (JacksonException error) {
            call.end();
            return CallEnvelope.failure(
                    "failed", "The tool's result cannot be written as JSON: " + error.getOriginalMessage() + ".");
        } catch (Exception | LinkageError | StackOverflowError | AssertionError error) {
            return stopped(call.end(), tool, error);
        } finally {
            leave.run();
        }
    }

    /** How a tool ended that threw. One that was interrupted while it changed something may have done it, or half. */
    private static String stopped(RunningCall.Stop stop, RegisteredTool tool, Throwable error) {
        String why = switch (stop) {
            case CANCELLED -> "was cancelled while it ran";
            case TIMED_OUT -> "took longer than its limit and was interrupted";
            case NONE -> null;
        };
        if (why == null) {
            return error instanceof ToolException known ? CallEnvelope.failure(known) : CallEnvelope.failure(error);
        }
        String sentence = "The call of " + tool.definition().name() + " " + why;
        String kind = stop == RunningCall.Stop.CANCELLED ? "cancelled" : "timeout";
        if (error instanceof ToolStoppedException) {
            return CallEnvelope.failure(kind, sentence + "; nothing was changed.");
        }
        if (tool.definition().effect() == Effect.READ) {
            return CallEnvelope.failure(kind, sentence + ".");
        }
        return CallEnvelope.failure("unknown", sentence + "; its effect may or may not have happened. Look first.");
    }

    private static double positive(double seconds) {
        return seconds > 0 ? seconds : Double.MAX_VALUE;
    }

    private static String awaitAnswer(RunningCall call) {
        try {
            return CallEnvelope.replayed(call.answer().join());
        } catch (CompletionException error) {
            return CallEnvelope.failure(error.getCause());
        }
    }

    private static String conflict(String callId) {
        return CallEnvelope.failure(
                "conflict", "The call id " + callId + " was used before with another tool or other arguments.");
    }

    private static String unknown(String callId) {
        return CallEnvelope.failure(
                "unknown",
                "The call " + callId
                        + " began before and never ended: its effect may or may not have happened; look first.");
    }
}
