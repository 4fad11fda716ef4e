package dev.sanca.host.toolkit.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Other agents (A2A) that the engine offers as {@code agents.<name>}.
 *
 * @param agents by name
 */
@ConfigurationProperties("sanca")
record AgentsProperties(@Nullable Map<String, Agent> agents) {

    AgentsProperties {
        agents = agents == null ? Map.of() : Map.copyOf(agents);
    }
}
