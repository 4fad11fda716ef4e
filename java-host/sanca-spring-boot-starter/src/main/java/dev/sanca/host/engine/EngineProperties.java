package dev.sanca.host.engine;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The engine process.
 *
 * @param enabled whether this host starts and watches it
 * @param python the Python that has sanca installed
 * @param command the whole command; empty: {@code <python> -m sanca serve}
 * @param startTimeout how long it may take to serve
 * @param stopTimeout how long it may take to stop before it is killed
 */
@ConfigurationProperties("sanca.engine")
record EngineProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("python3") String python,
        @Nullable List<String> command,
        @DefaultValue("60s") Duration startTimeout,
        @DefaultValue("5s") Duration stopTimeout) {

    EngineProperties {
        command = command == null || command.isEmpty() ? List.of(python, "-m", "sanca", "serve") : List.copyOf(command);
    }
}
