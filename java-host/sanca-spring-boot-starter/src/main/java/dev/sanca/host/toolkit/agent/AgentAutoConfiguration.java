package dev.sanca.host.toolkit.agent;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.SancaHome;
import dev.sanca.host.toolkit.ToolkitRegistry;
import dev.sanca.host.toolkit.ToolkitsFile;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Writes the configured agents to where the engine reads them. */
@AutoConfiguration
@EnableConfigurationProperties(AgentsProperties.class)
class AgentAutoConfiguration {

    @Bean
    SmartInitializingSingleton sancaAgents(AgentsProperties properties, SancaHome home) {
        properties.agents().forEach((name, agent) -> {
            if (agent.url() == null || agent.url().isBlank()) {
                throw new ConfigurationException("sanca.agents." + name + " needs a url.");
            }
        });
        return () -> new ToolkitsFile(home).merge("agents", properties.agents());
    }

    @Bean
    SmartInitializingSingleton sancaAgentDirectories(
            ObjectProvider<AgentDirectory> directories, ToolkitRegistry registry) {
        return () -> {
            Map<String, Agent> agents = new LinkedHashMap<>();
            directories.orderedStream().forEach(directory -> agents.putAll(directory.agents()));
            if (!agents.isEmpty()) {
                registry.offerAgents(agents);
            }
        };
    }
}
