package dev.sanca.portal.fault;

import dev.sanca.portal.fault.FaultCatalogue.Edit;
import dev.sanca.portal.fault.FaultCatalogue.Leak;
import dev.sanca.portal.fault.FaultCatalogue.Pools;
import dev.sanca.portal.fleet.FleetOperations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A release leaves too few connections: a tiny pool, or code that does not give connections back. */
final class ExhaustedPool implements FaultMaker {
    private static final String SIZE = "database.pool_size";
    private static final String TIMEOUT = "database.pool_timeout_ms";
    private static final long LEAST_SIZE = 4;
    private final FleetOperations fleet;
    private final Pools pools;

    ExhaustedPool(FleetOperations fleet, Pools pools) {
        this.fleet = fleet;
        this.pools = pools;
    }

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        if (services.isEmpty()) {
            return Optional.empty();
        }
        String service = dice.oneOf(services);
        return Optional.of(dice.coin() ? tiny(dice, service) : leaking(dice, service));
    }

    private Draft tiny(Dice dice, String service) {
        Map<String, String> cause = new HashMap<>(dice.release(dice.message(pools.messages(), service)));
        long size = dice.oneOf(pools.sizes());
        long timeout = dice.oneOf(pools.timeoutsMs());
        cause.put("size", Long.toString(size));
        cause.put("timeout", Long.toString(timeout));
        String description =
                service + " was released with " + SIZE + " = " + size + " and " + TIMEOUT + " = " + timeout + ".";
        return new Draft(service, description, cause);
    }

    private Draft leaking(Dice dice, String service) {
        Map<String, String> cause = dice.release(leak(service).message());
        return new Draft(
                service, service + " was released with code that does not give its database connections back.", cause);
    }

    @Override
    public void make(Draft draft) {
        Map<String, String> files = draft.cause("size").isEmpty() ? leakingCode(draft) : tinyPool(draft);
        fleet.publish(draft.service(), files, draft.cause("author"), draft.cause("message"));
    }

    @Override
    public Optional<String> remains(Fault fault) {
        String service = fault.service();
        Object size = fleet.deployedConfig(service).values().get(SIZE);
        if (!(size instanceof Long number) || number < LEAST_SIZE) {
            return Optional.of("the pool of " + service + " has a size of " + size);
        }
        boolean leaks = fleet.deployedFile(service, fleet.service(service).codePath())
                .contains(leak(service).after());
        return leaks ? Optional.of("the release of " + service + " still keeps connections") : Optional.empty();
    }

    private Map<String, String> tinyPool(Draft draft) {
        String path = fleet.service(draft.service()).configPath();
        String text = fleet.deployedConfig(draft.service())
                .with(SIZE, Long.valueOf(draft.cause("size")))
                .with(TIMEOUT, Long.valueOf(draft.cause("timeout")))
                .text();
        return Map.of(path, text);
    }

    private Map<String, String> leakingCode(Draft draft) {
        String path = fleet.service(draft.service()).codePath();
        Leak leak = leak(draft.service());
        String code = fleet.deployedFile(draft.service(), path);
        return Map.of(path, new Edit(leak.before(), leak.after()).applyTo(path, code));
    }

    private Leak leak(String service) {
        return Objects.requireNonNull(pools.leaks().get(service));
    }
}
