package dev.sanca.portal.fault;

import dev.sanca.portal.fleet.FleetResources;
import dev.sanca.portal.git.HistoryTemplate;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The file {@code fleet/faults.yaml}. */
record FaultCatalogue(
        List<Setting> badConfig,
        Map<String, List<Bug>> bugRelease,
        Pools exhaustedPool,
        Maintenance slowDependency,
        Leftovers diskFull,
        Programs portClash) {

    static FaultCatalogue load() {
        return FleetResources.yaml("faults.yaml", FaultCatalogue.class);
    }

    /** A setting that may be set wrong. @param ports wrong ports of an address, counted from the fleet's first */
    record Setting(
            List<String> services,
            String key,
            @Nullable List<Object> values,
            @Nullable List<Integer> ports,
            @Nullable Long min,
            @Nullable Long max,
            List<String> messages) {}

    record Edit(String before, String after) {
        String applyTo(String path, String text) {
            return HistoryTemplate.replaceOnce(path, text, before, after);
        }

        /** Whether a text has this edit; {@code after} may be a part of {@code before}, or the reverse. */
        boolean isIn(String text) {
            return text.contains(after) && (after.contains(before) || !text.contains(before));
        }
    }

    record Bug(String message, List<Edit> changes, String means) {}

    record Leak(String message, String before, String after) {}

    record Pools(List<Long> sizes, List<Long> timeoutsMs, List<String> messages, Map<String, Leak> leaks) {}

    record Maintenance(List<String> services, List<String> tasks, List<Double> factors) {}

    record Leftover(String folder, String name, List<Integer> files) {}

    record Leftovers(List<String> services, List<Leftover> leftovers) {}

    record Programs(List<String> services, List<String> programs) {}
}
