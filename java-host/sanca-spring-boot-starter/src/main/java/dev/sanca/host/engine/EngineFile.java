package dev.sanca.host.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sanca.host.HostJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/** What a living engine writes into the state folder. */
record EngineFile(
        String address,
        String token,
        long pid,
        @JsonProperty("startedAt") String startedAt,
        String version) {
    static final String NAME = "engine.json";

    static Optional<EngineFile> read(Path path) {
        try {
            EngineFile file = HostJson.LENIENT.readValue(Files.readString(path), EngineFile.class);
            return file == null || file.address() == null || file.token() == null
                    ? Optional.empty()
                    : Optional.of(file);
        } catch (IOException | JacksonException absentOrHalf) {
            return Optional.empty();
        }
    }

    boolean isAlive() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
}
