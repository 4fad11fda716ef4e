package dev.sanca.host.access;

import dev.sanca.host.toolkit.CallContext;
import dev.sanca.host.toolkit.Effect;
import dev.sanca.host.toolkit.ToolDefinition;
import dev.sanca.host.toolkit.ToolDeniedException;
import java.util.List;
import java.util.Set;

/** Says whether a call may run, by the host's own records. */
public final class AccessRights {
    private static final String LOCAL = "local";
    private static final Set<String> DOORS = Set.of("a2a", "mcp", "api");
    private final AccessProperties properties;
    private final RunPrincipals runs;
    private final Approvals approvals;

    AccessRights(AccessProperties properties, RunPrincipals runs, Approvals approvals) {
        this.properties = properties;
        this.runs = runs;
        this.approvals = approvals;
    }

    /**
     * The same context in the name of whom the host knows to have started the run; else of a caller of the engine's doors,
     * or of {@code local}.
     */
    public CallContext identify(CallContext context) {
        Principal principal = runs.find(context.runId()).orElseGet(() -> foreign(context));
        return context.as(principal.tenant(), principal.user(), principal.rights());
    }

    private Principal foreign(CallContext context) {
        if (!cameByADoor(context)) {
            return new Principal("default", LOCAL, properties.localRights());
        }
        boolean isKnown = properties.doorTenants().contains(context.tenant());
        List<String> rights = isKnown ? common(context.rights(), properties.doorRights()) : List.of();
        return new Principal(context.tenant(), context.channel() + ":" + context.user(), rights);
    }

    private static boolean cameByADoor(CallContext context) {
        return context.channel() != null && DOORS.contains(context.channel());
    }

    /** What both lists give. */
    private static List<String> common(List<String> claimed, List<String> most) {
        if (most.contains("*")) {
            return claimed;
        }
        return claimed.contains("*")
                ? most
                : claimed.stream().filter(most::contains).toList();
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
        if (!startedHere && cameByADoor(context) && !properties.doorTenants().contains(context.tenant())) {
            throw new ToolDeniedException("Callers of the tenant '" + context.tenant() + "' may not call " + name
                    + " from outside: sanca.access.door-tenants does not name it.");
        }
        if (!mayCall(startedHere, context, principal, tool)) {
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

    private static boolean mayCall(boolean startedHere, CallContext context, Principal principal, ToolDefinition tool) {
        if (startedHere || cameByADoor(context)) {
            return principal.has(tool.right());
        }
        return localMayCall(principal, tool);
    }

    private static boolean localMayCall(Principal local, ToolDefinition tool) {
        if (tool.effect() == Effect.READ) {
            return true;
        }
        return tool.right().isEmpty() ? !local.rights().isEmpty() : local.has(tool.right());
    }
}
