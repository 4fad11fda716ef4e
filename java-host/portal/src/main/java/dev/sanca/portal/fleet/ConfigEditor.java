package dev.sanca.portal.fleet;

import dev.sanca.host.toolkit.ToolArgumentException;
import dev.sanca.host.toolkit.ToolFailedException;
import dev.sanca.host.toolkit.system.SystemRepairs.ConfigChange;
import dev.sanca.portal.git.GitRepository.Change;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads a release's settings, and changes one: commit, tag, deploy. A change starts from the release that is deployed. */
final class ConfigEditor {
    private static final int MOST_REASON_CHARS = 500;
    private final Fleet fleet;

    ConfigEditor(Fleet fleet) {
        this.fleet = fleet;
    }

    /** One change wanted. */
    record Edit(String key, Object value, String reason, String user) {}

    String deployed(ServiceSpec spec) {
        return fleet.deployer()
                .deployed(spec.name())
                .orElseThrow(() -> new ToolFailedException(spec.name() + " was never deployed."));
    }

    ConfigFile read(ServiceSpec spec, String ref) {
        return new ConfigFile(fleet.repository().reader().show(ref, spec.configPath()));
    }

    ConfigChange change(ServiceRunner runner, Edit edit) {
        ServiceSpec spec = runner.spec();
        String base = deployed(spec);
        ConfigFile file = read(spec, base);
        Map<String, Object> values = file.values();
        if (!values.containsKey(edit.key())) {
            List<String> keys = List.copyOf(values.keySet());
            throw new ToolArgumentException(
                    "key",
                    spec.name() + " has no setting '" + edit.key() + "': it has " + String.join(", ", keys) + ".",
                    keys);
        }
        Object before = Objects.requireNonNull(values.get(edit.key()));
        Object after = ConfigFile.fitted(edit.key(), before, edit.value());
        if (after.equals(before)) {
            throw new ToolArgumentException("value", edit.key() + " of " + spec.name() + " is " + before + " already.");
        }
        Map<String, String> files =
                Map.of(spec.configPath(), file.with(edit.key(), after).text());
        Change change = new Change(spec.folder(), base, files, author(edit.user()), message(spec, edit));
        String tag = fleet.repository().release(change);
        String outcome =
                fleet.deployer().deploy(runner, new Deployer.Order(tag, edit.user(), "config", message(spec, edit)));
        String commit = fleet.repository().reader().commitOf(tag);
        return new ConfigChange(spec.name(), edit.key(), before, after, commit, tag, outcome);
    }

    private static String message(ServiceSpec spec, Edit edit) {
        String reason = edit.reason().strip();
        String text = reason.length() > MOST_REASON_CHARS ? reason.substring(0, MOST_REASON_CHARS) : reason;
        return spec.name() + ": " + (text.isEmpty() ? "change " + edit.key() : text);
    }

    private static String author(String user) {
        String name = user.replaceAll("[^\\p{L}\\p{N} ._-]", "").strip();
        return (name.isEmpty() ? "unknown" : name) + " <" + name.replaceAll("[^A-Za-z0-9._-]", "") + "@portal.example>";
    }
}
