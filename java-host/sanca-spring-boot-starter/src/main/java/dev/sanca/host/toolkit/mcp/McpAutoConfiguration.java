package dev.sanca.host.toolkit.mcp;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.SancaHome;
import dev.sanca.host.toolkit.ToolkitsFile;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Writes the configured MCP servers to where the engine reads them. */
@AutoConfiguration
@EnableConfigurationProperties(McpServersProperties.class)
class McpAutoConfiguration {

    @Bean
    SmartInitializingSingleton sancaMcpServers(McpServersProperties properties, SancaHome home) {
        properties.servers().forEach(McpAutoConfiguration::check);
        return () -> new ToolkitsFile(home).merge("mcpServers", properties.servers());
    }

    private static void check(String name, McpServersProperties.Server server) {
        if ((server.command() == null) == (server.url() == null)) {
            throw new ConfigurationException("sanca.mcp.servers." + name + " needs either a command or a url.");
        }
    }
}
