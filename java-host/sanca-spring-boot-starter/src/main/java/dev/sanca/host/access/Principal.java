package dev.sanca.host.access;

import java.util.List;

/** A portal user, as the host authenticated them. */
public record Principal(String tenant, String user, List<String> rights) {
    public Principal {
        rights = List.copyOf(rights);
    }

    public boolean has(String right) {
        return right.isEmpty() || rights.contains(right) || rights.contains("*");
    }

    /** Whether it is the same user, whatever their rights are by now. */
    public boolean isSameUser(Principal other) {
        return tenant.equals(other.tenant) && user.equals(other.user);
    }
}
