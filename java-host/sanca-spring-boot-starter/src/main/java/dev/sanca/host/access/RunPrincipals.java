package dev.sanca.host.access;

import dev.sanca.host.HostJson;
import dev.sanca.host.store.HostStore;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.h2.mvstore.MVMap;

/** Which user started which run, with the rights of that moment; durable, so that a restart gives nobody more rights. */
public final class RunPrincipals {
    private static final int CACHED = 10_000;
    private final HostStore store;
    private final MVMap<String, String> rows;
    private final ConcurrentMap<String, Principal> cache = new ConcurrentHashMap<>();

    RunPrincipals(HostStore store) {
        this.store = store;
        this.rows = store.map("runs");
    }

    /** Records before the run starts; returns when it cannot be forgotten. */
    public void record(String runId, Principal principal) {
        store.write(() -> rows.put(runId, HostJson.MAPPER.writeValueAsString(principal)));
        remember(runId, principal);
    }

    /** The user of a run that this host started. */
    public Optional<Principal> find(String runId) {
        Principal known = cache.get(runId);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<Principal> stored =
                Optional.ofNullable(rows.get(runId)).map(text -> HostJson.MAPPER.readValue(text, Principal.class));
        stored.ifPresent(principal -> remember(runId, principal));
        return stored;
    }

    private void remember(String runId, Principal principal) {
        if (cache.size() >= CACHED) {
            cache.clear();
        }
        cache.put(runId, principal);
    }
}
