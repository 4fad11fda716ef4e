package dev.sanca.portal.web;

import dev.sanca.portal.fault.FaultKind;
import dev.sanca.portal.fault.FaultService;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Faults: make, list, check. */
@Tag(name = "fleet")
@RestController
@RequestMapping("/api/fleet/faults")
class FaultController {
    private final FaultService faults;

    FaultController(FaultService faults) {
        this.faults = faults;
    }

    /** What to break. Nothing given: anything, once. */
    record Wish(
            @Nullable String kind,
            @Nullable Long seed,
            @Nullable Integer count) {}

    @Operation(summary = "Break something; the same seed breaks the same in a fleet of the same state")
    @PostMapping
    List<FaultView> inject(@RequestBody(required = false) @Nullable Wish wish) {
        Wish wanted = wish == null ? new Wish(null, null, null) : wish;
        FaultKind kind = wanted.kind() == null || wanted.kind().isEmpty() ? null : FaultKind.of(wanted.kind());
        long seed = wanted.seed() == null ? ThreadLocalRandom.current().nextLong() : wanted.seed();
        int count = wanted.count() == null ? 1 : wanted.count();
        return faults.inject(kind, seed, count).stream().map(FaultView::of).toList();
    }

    @Operation(summary = "All faults made, newest last")
    @GetMapping
    List<FaultView> all() {
        return faults.all().stream().map(FaultView::of).toList();
    }

    @Operation(summary = "Whether a fault is repaired, by fresh requests")
    @PostMapping("/{id}/check")
    FaultService.CheckResult check(@PathVariable("id") String id) {
        return faults.check(id);
    }
}
