package dev.sanca.host.toolkit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sanca.host.ConfigurationException;
import dev.sanca.host.HostJson;
import dev.sanca.host.SancaHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** {@code toolkits.json} of the state folder: what is not Java. A person's own entries stay; ours of the same name win. */
public final class ToolkitsFile {
    private static final String NAME = "toolkits.json";
    /** Writes what is set, and no nulls. */
    static final JsonMapper WRITER = HostJson.MAPPER
            .rebuild()
            .changeDefaultPropertyInclusion(old -> old.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    private final SancaHome home;

    public ToolkitsFile(SancaHome home) {
        this.home = home;
    }

    /** Puts entries into a section ({@code mcpServers}, {@code agents}); writes only what changes. */
    public void merge(String section, Map<String, ?> entries) {
        if (entries.isEmpty()) {
            return;
        }
        ObjectNode all = read();
        ObjectNode before = all.deepCopy();
        ObjectNode target = all.withObjectProperty(section);
        // Spring's property names have hyphens where names in actions have underscores
        entries.forEach((name, entry) -> target.set(name.replace('-', '_'), WRITER.valueToTree(entry)));
        if (!all.equals(before)) {
            home.write(NAME, all.toPrettyString());
        }
    }

    private ObjectNode read() {
        Path path = home.resolve(NAME);
        if (!Files.exists(path)) {
            return HostJson.MAPPER.createObjectNode();
        }
        try {
            return (ObjectNode) HostJson.MAPPER.readTree(Files.readString(path));
        } catch (IOException | JacksonException | ClassCastException error) {
            throw new ConfigurationException(
                    "The file '" + path + "' is not a JSON object (" + error.getMessage()
                            + "): mend it or move it away.",
                    error);
        }
    }
}
