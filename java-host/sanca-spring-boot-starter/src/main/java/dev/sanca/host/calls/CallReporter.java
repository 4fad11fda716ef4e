package dev.sanca.host.calls;

import dev.sanca.host.access.Approvals;
import dev.sanca.host.audit.AuditLog;
import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

/** Tells meters and the audit log how calls ended. */
final class CallReporter {
    private static final int MOST_TIMERS = 5_000;
    private static final String OTHER = "other";
    private final AuditLog audit;
    private final Approvals approvals;
    private final MeterRegistry meters;
    private final ConcurrentMap<String, Timer> timers = new ConcurrentHashMap<>();

    CallReporter(AuditLog audit, Approvals approvals, MeterRegistry meters) {
        this.audit = audit;
        this.approvals = approvals;
        this.meters = meters;
    }

    void ended(String toolkit, ToolDefinition tool, CallContext context, RunningCall call, String outcome) {
        double seconds = call.seconds();
        timer(toolkit, tool.name(), outcome).record((long) (seconds * 1e9), TimeUnit.NANOSECONDS);
        if (tool.effect() != Effect.READ) {
            write("effect", toolkit, tool, context, call.digest().text(), outcome, seconds);
        }
    }

    void refused(String toolkit, ToolDefinition tool, CallContext context, String digest, ToolException refusal) {
        timer(toolkit, tool.name(), CallEnvelope.kind(refusal)).record(0, TimeUnit.NANOSECONDS);
        if (tool.effect() != Effect.READ) {
            write("refused", toolkit, tool, context, digest, refusal.kind(), 0);
        }
    }

    private void write(
            String event,
            String toolkit,
            ToolDefinition tool,
            CallContext context,
            String digest,
            String outcome,
            double seconds) {
        audit.write(new AuditLog.Entry(
                event,
                toolkit + "." + tool.name(),
                tool.effect().name(),
                context.callId(),
                context.runId(),
                context.tenant(),
                context.user(),
                approvals.approver(context.callId()),
                digest,
                outcome,
                seconds,
                context.traceId()));
    }

    /** One a tool and outcome; toolkits come and go while the host runs, so beyond many names the rest share one. */
    private Timer timer(String toolkit, String tool, String outcome) {
        String name = toolkit + "." + tool;
        Timer timer = timers.get(name + " " + outcome);
        return timer != null ? timer : newTimer(timers.size() < MOST_TIMERS ? name : OTHER, outcome);
    }

    private Timer newTimer(String name, String outcome) {
        return timers.computeIfAbsent(
                name + " " + outcome,
                key -> Timer.builder("sanca.tool.calls")
                        .description("Tool calls that the engine made")
                        .tags("tool", name, "outcome", outcome)
                        .register(meters));
    }
}
