package dev.sanca.portal.security;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The three people of the demo; each has the rights of the one before, and more. */
public enum DemoUser {
    VIEWER("Vera Viewer", "system:read", "sanca:ask"),
    DEVELOPER("Dev Developer", "fleet:inject", "system:change", "knowledge:write"),
    OPERATOR("Olga Operator", "system:operate", "sanca:settings");

    private final String displayName;
    private final List<String> more;

    DemoUser(String displayName, String... more) {
        this.displayName = displayName;
        this.more = List.of(more);
    }

    public String userName() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String displayName() {
        return displayName;
    }

    public List<String> rights() {
        List<String> rights = new ArrayList<>();
        for (DemoUser user : values()) {
            if (user.compareTo(this) <= 0) {
                rights.addAll(user.more);
            }
        }
        return rights;
    }

    static DemoUser of(String userName) {
        return valueOf(userName.toUpperCase(Locale.ROOT));
    }
}
