package dev.sanca.host.toolkit;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.annotation.JsonNaming;

/**
 * Who calls, for which run, under which id. Tenant, user and rights are the host's own record of who started the run,
 * not what the engine says.
 *
 * @param callId {@code <run id>/<n>}
 * @param timeoutSeconds what the engine is ready to wait; the tool's own limit holds too
 * @param approvedBy whom the engine says approved; counts only for runs that the host did not start
 * @param pages whether the engine reads long results piece by piece; without it they are answered whole
 * @param texts whether the engine takes a long text as it is, after an envelope without it
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record CallContext(
        String callId,
        String runId,
        String sessionId,
        String tenant,
        String user,
        List<String> rights,
        String channel,
        String traceId,
        double timeoutSeconds,
        @Nullable String approvedBy,
        boolean pages,
        boolean texts) {

    /** Who calls and takes results only whole. */
    public CallContext(
            String callId,
            String runId,
            String sessionId,
            String tenant,
            String user,
            List<String> rights,
            String channel,
            String traceId,
            double timeoutSeconds,
            @Nullable String approvedBy) {
        this(
                callId,
                runId,
                sessionId,
                tenant,
                user,
                rights,
                channel,
                traceId,
                timeoutSeconds,
                approvedBy,
                false,
                false);
    }

    public CallContext {
        rights = rights == null ? List.of() : List.copyOf(rights);
    }

    /** The same run under another call id. */
    public CallContext withCallId(String otherId) {
        return new CallContext(
                otherId,
                runId,
                sessionId,
                tenant,
                user,
                rights,
                channel,
                traceId,
                timeoutSeconds,
                approvedBy,
                pages,
                texts);
    }

    /** The same call with the principal that the host knows. */
    public CallContext as(String hostTenant, String hostUser, List<String> hostRights) {
        return new CallContext(
                callId,
                runId,
                sessionId,
                hostTenant,
                hostUser,
                hostRights,
                channel,
                traceId,
                timeoutSeconds,
                approvedBy,
                pages,
                texts);
    }
}
