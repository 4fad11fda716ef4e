package dev.sanca.portal.fault;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.sanca.host.toolkit.ToolArgumentException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What can be broken. */
public enum FaultKind {
    BAD_CONFIG,
    BUG_RELEASE,
    EXHAUSTED_POOL,
    SLOW_DEPENDENCY,
    DISK_FULL,
    PORT_CLASH;

    /** The name in HTTP and files. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws ToolArgumentException there is no such kind */
    public static FaultKind of(String name) {
        List<String> names = Arrays.stream(values()).map(FaultKind::wireName).toList();
        if (!names.contains(name)) {
            throw new ToolArgumentException(
                    "kind",
                    "There is no fault kind '" + name + "': there are " + String.join(", ", names) + ".",
                    names);
        }
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
