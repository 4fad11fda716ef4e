package dev.sanca.portal.web;

import dev.sanca.portal.fault.Fault;
import dev.sanca.portal.fault.FaultKind;
import java.time.Instant;

/** A fault as the panel shows it. */
record FaultView(String id, FaultKind kind, String service, Instant injectedAt, String description, boolean repaired) {

    static FaultView of(Fault fault) {
        return new FaultView(
                fault.id(), fault.kind(), fault.service(), fault.injectedAt(), fault.description(), fault.repaired());
    }
}
