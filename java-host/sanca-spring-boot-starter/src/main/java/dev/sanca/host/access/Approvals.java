package dev.sanca.host.access;

import dev.sanca.host.HostJson;
import dev.sanca.host.store.HostStore;
import dev.sanca.host.toolkit.ToolDeniedException;
import java.util.Optional;
import org.h2.mvstore.MVMap;
import org.jspecify.annotations.Nullable;

/**
 * What people were asked and what they answered, by call id; durable. The question is recorded as it goes out to the page,
 * the answer as it comes in: what the engine says about either does not count.
 */
public final class Approvals {
    private final HostStore store;
    private final MVMap<String, String> rows;

    Approvals(HostStore store) {
        this.store = store;
        this.rows = store.map("approvals");
    }

    /** Records a question. The first one of a call id counts; a replay changes nothing. */
    public void asked(String callId, String runId, String toolkit, String tool, String argumentsJson) {
        Row row = new Row(runId, Digests.ofCall(toolkit, tool, argumentsJson), "asked", null);
        if (!rows.containsKey(callId)) {
            store.write(() -> rows.putIfAbsent(callId, row.text()));
        }
    }

    /**
     * Records an answer; a repeated one changes nothing.
     *
     * @param by the user, who must be the one that started the run
     * @throws ToolDeniedException the run is another user's, or the question was answered otherwise before
     */
    public void answered(String callId, boolean approved, Principal by, RunPrincipals runs) {
        Row row = find(callId).orElse(null);
        if (row == null) {
            return; // a form or a question: nothing to approve
        }
        if (!runs.find(row.runId()).map(by::isSameUser).orElse(false)) {
            throw new ToolDeniedException("Only the user who started the run may answer for it.");
        }
        String state = approved ? "approved" : "denied";
        if (row.state().equals("asked")) {
            store.force(() -> rows.put(callId, new Row(row.runId(), row.digest(), state, by.user()).text()));
        } else if (!row.state().equals(state)) {
            throw new ToolDeniedException("This call was " + row.state() + " by " + row.by() + " before.");
        }
    }

    /** Whether a person was asked for this call, answered or not; forms and questions are not asked for here. */
    public boolean isAsked(String callId) {
        return rows.containsKey(callId);
    }

    /** Whether a person approved exactly this call. */
    boolean isApproved(String callId, String runId, String toolkit, String tool, String argumentsJson) {
        return find(callId)
                .filter(row -> row.state().equals("approved"))
                .filter(row -> row.runId().equals(runId))
                .filter(row -> row.digest().equals(Digests.ofCall(toolkit, tool, argumentsJson)))
                .isPresent();
    }

    /** Who approved a call, for the audit line. */
    public @Nullable String approver(String callId) {
        return find(callId)
                .filter(row -> row.state().equals("approved"))
                .map(Row::by)
                .orElse(null);
    }

    private Optional<Row> find(String callId) {
        return Optional.ofNullable(rows.get(callId)).map(text -> HostJson.MAPPER.readValue(text, Row.class));
    }

    private record Row(
            String runId,
            String digest,
            String state,
            @Nullable String by) {
        String text() {
            return HostJson.MAPPER.writeValueAsString(this);
        }
    }
}
