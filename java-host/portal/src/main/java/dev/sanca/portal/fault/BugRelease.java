package dev.sanca.portal.fault;

import dev.sanca.portal.fault.FaultCatalogue.Bug;
import dev.sanca.portal.fault.FaultCatalogue.Edit;
import dev.sanca.portal.fleet.FleetOperations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A developer releases code with a bug. */
final class BugRelease implements FaultMaker {
    private final FleetOperations fleet;
    private final Map<String, List<Bug>> bugs;

    BugRelease(FleetOperations fleet, Map<String, List<Bug>> bugs) {
        this.fleet = fleet;
        this.bugs = bugs;
    }

    @Override
    public Optional<Draft> draw(Dice dice, List<String> services) {
        List<String> candidates = services.stream().filter(bugs::containsKey).toList();
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        String service = dice.oneOf(candidates);
        List<Bug> choices = Objects.requireNonNull(bugs.get(service));
        Bug bug = dice.oneOf(choices);
        Map<String, String> cause = new HashMap<>(dice.release(bug.message()));
        cause.put("bug", Integer.toString(choices.indexOf(bug)));
        return Optional.of(new Draft(service, service + " was released with code that " + bug.means() + ".", cause));
    }

    @Override
    public void make(Draft draft) {
        String path = fleet.service(draft.service()).codePath();
        String code = fleet.deployedFile(draft.service(), path);
        for (Edit edit : bug(draft.service(), draft.cause("bug")).changes()) {
            code = edit.applyTo(path, code);
        }
        fleet.publish(draft.service(), Map.of(path, code), draft.cause("author"), draft.cause("message"));
    }

    @Override
    public Optional<String> remains(Fault fault) {
        String code = fleet.deployedFile(
                fault.service(), fleet.service(fault.service()).codePath());
        boolean there =
                bug(fault.service(), fault.cause("bug")).changes().stream().allMatch(edit -> edit.isIn(code));
        return there ? Optional.of("the release of " + fault.service() + " still has the bug") : Optional.empty();
    }

    private Bug bug(String service, String index) {
        return Objects.requireNonNull(bugs.get(service)).get(Integer.parseInt(index));
    }
}
