package dev.sanca.host.toolkit.mcp;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * MCP servers whose tools the engine offers as {@code mcp.<name>}.
 *
 * @param servers by name: a command to start, or a url to reach
 */
@ConfigurationProperties("sanca.mcp")
record McpServersProperties(@Nullable Map<String, Server> servers) {

    McpServersProperties {
        servers = servers == null ? Map.of() : Map.copyOf(servers);
    }

    /**
     * One server.
     *
     * @param trust {@code hints}: it is believed which of its tools only read; otherwise each of them asks a person
     * @param reads names of tools that only read, whatever the server says; {@code *} stands for any characters
     */
    record Server(
            @Nullable String command,
            @Nullable List<String> args,
            @Nullable Map<String, String> env,
            @Nullable String url,
            @Nullable Map<String, String> headers,
            @Nullable String trust,
            @Nullable List<String> reads) {}
}
