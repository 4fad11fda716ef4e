package dev.sanca.host.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sanca.host.HostJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes one line of JSON for each effect to the logger {@code sanca.audit}. Arguments appear by digest only. */
public final class AuditLog {
    private static final Logger LOG = LoggerFactory.getLogger("sanca.audit");

    AuditLog() {}

    public void write(Entry entry) {
        LOG.info("{}", HostJson.MAPPER.writeValueAsString(entry));
    }

    /**
     * What was done, by whom, in whose name, and how it ended.
     *
     * @param outcome {@code ok}, or the kind of the error
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Entry(
            String event,
            String tool,
            String effect,
            String callId,
            String runId,
            String tenant,
            String user,
            @Nullable String approvedBy,
            String argumentsSha256,
            String outcome,
            double seconds,
            String traceId) {}
}
