package dev.sanca.host.session;

import dev.sanca.host.HostException;
import dev.sanca.host.HostJson;
import dev.sanca.host.access.Principal;
import dev.sanca.host.store.HostStore;
import java.util.List;
import org.h2.mvstore.MVMap;

/** Which user a session belongs to; whoever uses a new id first owns it. Durable. */
public final class SessionOwners {
    private final HostStore store;
    private final MVMap<String, String> rows;

    SessionOwners(HostStore store) {
        this.store = store;
        this.rows = store.map("sessions");
    }

    /**
     * Takes a session that nobody has.
     *
     * @throws NotYourSessionException it is another user's
     */
    public void claim(String sessionId, Principal principal) {
        String owner = owner(principal);
        if (!rows.containsKey(sessionId)) {
            store.write(() -> rows.putIfAbsent(sessionId, owner));
        }
        check(sessionId, principal);
    }

    /** @throws NotYourSessionException it is another user's; one that nobody has passes (the engine knows better) */
    public void check(String sessionId, Principal principal) {
        String known = rows.get(sessionId);
        if (known != null && !known.equals(owner(principal))) {
            throw new NotYourSessionException();
        }
    }

    private static String owner(Principal principal) {
        return HostJson.MAPPER.writeValueAsString(List.of(principal.tenant(), principal.user()));
    }

    /** The session is another user's. */
    public static final class NotYourSessionException extends HostException {
        private static final long serialVersionUID = 1L;

        NotYourSessionException() {
            super("This session belongs to another user.");
        }
    }
}
