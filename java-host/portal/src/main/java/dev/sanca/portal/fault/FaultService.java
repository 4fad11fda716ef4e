package dev.sanca.portal.fault;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.system.ManagedSystem;
import dev.sanca.portal.fleet.FleetOperations;
import dev.sanca.portal.fleet.ServiceSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/** Makes faults and checks them; remembers them over a restart of the portal. A service has one open fault at most. */
public final class FaultService {
    private static final int KEPT = 50;
    private static final TypeReference<List<Fault>> FAULTS = new TypeReference<>() {};
    private final FleetOperations fleet;
    private final RepairCheck check;
    private final Map<FaultKind, FaultMaker> makers = new EnumMap<>(FaultKind.class);
    private final List<Fault> faults = new ArrayList<>();
    private boolean loaded;

    public FaultService(FleetOperations fleet, ManagedSystem system) {
        FaultCatalogue catalogue = FaultCatalogue.load();
        this.fleet = fleet;
        this.check = new RepairCheck(system);
        makers.put(FaultKind.BAD_CONFIG, new BadConfig(fleet, catalogue.badConfig()));
        makers.put(FaultKind.BUG_RELEASE, new BugRelease(fleet, catalogue.bugRelease()));
        makers.put(FaultKind.EXHAUSTED_POOL, new ExhaustedPool(fleet, catalogue.exhaustedPool()));
        makers.put(FaultKind.SLOW_DEPENDENCY, new SlowDependency(fleet, catalogue.slowDependency()));
        makers.put(FaultKind.DISK_FULL, new DiskFull(fleet, catalogue.diskFull()));
        makers.put(FaultKind.PORT_CLASH, new PortClash(fleet, system, catalogue.portClash()));
    }

    /** Whether a fault is repaired, and what was seen. */
    public record CheckResult(boolean repaired, String details) {}

    /**
     * Makes {@code count} faults in different services.
     *
     * @param kind null: each another kind, drawn too
     */
    public synchronized List<Fault> inject(@Nullable FaultKind kind, long seed, int count) {
        load();
        if (count < 1 || count > fleet.services().size()) {
            throw new ToolArgumentException(
                    "count", "The count must be from 1 to " + fleet.services().size() + ".");
        }
        Dice dice = new Dice(seed);
        List<FaultKind> kinds = new ArrayList<>(kind == null ? List.of(FaultKind.values()) : List.of(kind));
        List<Fault> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            FaultKind drawn = dice.oneOf(kinds);
            if (kind == null) {
                kinds.remove(drawn);
            }
            made.add(injectOne(drawn, dice));
        }
        return made;
    }

    /** Newest last; repaired ones too. */
    public synchronized List<Fault> all() {
        load();
        return List.copyOf(faults);
    }

    /** Looks whether the cause is gone and fresh requests succeed. */
    public CheckResult check(String id) {
        Fault fault = find(id);
        Optional<String> remains = maker(fault.kind()).remains(fault);
        CheckResult result = remains.isPresent()
                ? new CheckResult(false, "Not repaired: " + remains.get() + ".")
                : check.run(fault.service());
        if (result.repaired()) {
            repaired(fault);
        }
        return result;
    }

    /** Forgets all, once the fleet is as on the first day. */
    public synchronized void clear() {
        load();
        faults.clear();
        save();
    }

    private Fault injectOne(FaultKind kind, Dice dice) {
        FaultMaker maker = maker(kind);
        Draft draft = maker.draw(dice, freeServices())
                .orElseThrow(() -> new ToolFailedException("No service is free for a fault of the kind "
                        + kind.wireName() + ": repair the open faults first, or reset the fleet."));
        maker.make(draft);
        String id = kind.wireName() + "-" + (faults.size() + 1) + "-"
                + Long.toString(Instant.now().toEpochMilli(), 36);
        Fault fault = new Fault(id, kind, draft.service(), Instant.now(), draft.description(), false, draft.cause());
        faults.add(fault);
        while (faults.size() > KEPT) {
            faults.remove(0);
        }
        save();
        return fault;
    }

    private List<String> freeServices() {
        List<String> taken = faults.stream()
                .filter(fault -> !fault.repaired())
                .map(Fault::service)
                .toList();
        return fleet.services().stream()
                .map(ServiceSpec::name)
                .filter(name -> !taken.contains(name))
                .toList();
    }

    private synchronized Fault find(String id) {
        load();
        return faults.stream()
                .filter(fault -> fault.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new ToolArgumentException("id", "There is no fault '" + id + "'."));
    }

    private synchronized void repaired(Fault fault) {
        faults.replaceAll(each -> each.id().equals(fault.id()) ? each.asRepaired() : each);
        save();
    }

    private FaultMaker maker(FaultKind kind) {
        return Objects.requireNonNull(makers.get(kind));
    }

    /** What was open when the portal ended is open still; read once the fleet's folder is there. */
    private synchronized void load() {
        fleet.awaitStarted();
        Path file = fleet.stateFile("faults.json");
        try {
            if (!loaded && Files.exists(file)) {
                faults.addAll(HostJson.LENIENT.readValue(Files.readString(file), FAULTS));
            }
            loaded = true;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void save() {
        try {
            Files.writeString(fleet.stateFile("faults.json"), HostJson.MAPPER.writeValueAsString(faults));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
