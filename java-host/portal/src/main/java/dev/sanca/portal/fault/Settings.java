package dev.sanca.portal.fault;

import dev.sanca.host.HostJson;
import org.jspecify.annotations.Nullable;

/** Tells whether a setting is in order. */
final class Settings {
    private Settings() {}

    /** @param before what it was, as JSON; @param min empty: none; @param max empty: none; with neither only {@code before} will do */
    static boolean isSane(@Nullable Object now, String before, String min, String max) {
        if (now == null) {
            return false;
        }
        if (HostJson.MAPPER.writeValueAsString(now).equals(before)) {
            return true;
        }
        boolean bounded = !min.isEmpty() || !max.isEmpty();
        if (!bounded || !(now instanceof Number number)) {
            return bothNumbers(now, before) && !bounded;
        }
        boolean enough = min.isEmpty() || number.longValue() >= Long.parseLong(min);
        return enough && (max.isEmpty() || number.longValue() <= Long.parseLong(max));
    }

    /** A number in place of words is a repair where a number was. */
    private static boolean bothNumbers(Object now, String before) {
        return now instanceof Number && HostJson.MAPPER.readTree(before).isNumber();
    }
}
