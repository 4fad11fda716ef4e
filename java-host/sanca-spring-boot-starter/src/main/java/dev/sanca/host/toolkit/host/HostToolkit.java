package dev.sanca.host.toolkit.host;

import dev.sanca.host.toolkit.ToolMethod;
import dev.sanca.host.toolkit.ToolParameter;
import dev.sanca.host.toolkit.ToolkitComponent;
import java.lang.management.ManagementFactory;

/** What the host says of itself. Reads only, needs no right. */
@ToolkitComponent(name = "host", description = "The portal's own process: who it is, and an echo to try the way to it.")
class HostToolkit {
    private final String application;

    HostToolkit(String application) {
        this.application = application;
    }

    /** Name and age of the host. */
    record Info(String application, String javaVersion, double uptimeSeconds) {}

    @ToolMethod(
            description = "Answer the same text: tries the whole way from an action to the host and back.",
            idempotent = true)
    String echo(@ToolParameter(description = "Any text.") String text) {
        return text;
    }

    @ToolMethod(description = "Say which application the host is, on which Java, and for how long it has run.")
    Info info() {
        double uptime = ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0;
        return new Info(application, Runtime.version().toString(), uptime);
    }
}
