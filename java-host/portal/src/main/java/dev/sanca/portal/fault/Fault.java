package dev.sanca.portal.fault;

import java.time.Instant;
import java.util.Map;

/**
 * One fault that was made.
 *
 * @param description what was broken, for the person who asked for it; no toolkit shows it
 * @param cause what the check must find gone
 */
public record Fault(
        String id,
        FaultKind kind,
        String service,
        Instant injectedAt,
        String description,
        boolean repaired,
        Map<String, String> cause) {

    Fault asRepaired() {
        return new Fault(id, kind, service, injectedAt, description, true, cause);
    }

    String cause(String name) {
        return cause.getOrDefault(name, "");
    }
}
