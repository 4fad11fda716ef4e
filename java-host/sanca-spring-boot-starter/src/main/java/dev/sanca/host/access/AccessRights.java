package dev.sanca.host.access;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolDeniedException;
import java.util.List;

/** Says whether a call may run, by the host's own records. */
public final class AccessRights {
    private static final String LOCAL = "local";
    private final AccessProperties properties;
    private final RunPrincipals runs;
    private final Approvals approvals;

    AccessRights(AccessProperties properties, RunPrincipals runs, Approvals approvals) {
        this.properties = properties;
        this.runs = runs;
        this.approvals = approvals;
    }

    /** The same context in the name of whom the host knows to have started the run, or of {@code local}. */
    public CallContext identify(CallContext context) {
        Principal principal = runs.find(context.runId())
                .orElseGet(() -> new Principal("default", LOCAL, List.copyOf(properties.localRights())));
        return context.as(principal.tenant(), principal.user(), principal.rights());
    }

    /**
     * Checks rights and approval.
     *
     * @param context as {@link #identify} gave it
     * @throws ToolDeniedException with a sentence that says what is missing
     */
    public void check(CallContext context, String toolkit, ToolDefinition tool, String argumentsJson) {
        boolean startedHere = runs.find(context.runId()).isPresent();
        Principal principal = new Principal(context.tenant(), context.user(), context.rights());
        String name = toolkit + "." + tool.name();
        if (!(startedHere ? principal.has(tool.right()) : localMayCall(principal, tool))) {
            throw new ToolDeniedException("The user '" + context.user() + "' may not call " + name
                    + ": it needs the right '" + (tool.right().isEmpty() ? "*" : tool.right()) + "'.");
        }
        if (tool.needsApproval() && !isApproved(startedHere, context, toolkit, tool.name(), argumentsJson)) {
            throw new ApprovalRequiredException(
                    "The host has no approval for exactly this call of " + name + ": a person must approve it first.");
        }
    }

    private boolean isApproved(
            boolean startedHere, CallContext context, String toolkit, String tool, String argumentsJson) {
        if (!startedHere) {
            return context.approvedBy() != null && !context.approvedBy().isEmpty();
        }
        return approvals.isApproved(context.callId(), context.runId(), toolkit, tool, argumentsJson);
    }

    private static boolean localMayCall(Principal local, ToolDefinition tool) {
        if (tool.effect() == Effect.READ) {
            return true;
        }
        return tool.right().isEmpty() ? !local.rights().isEmpty() : local.has(tool.right());
    }
}
