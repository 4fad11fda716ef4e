package dev.sanca.host.toolkit.agent;

import java.util.Map;

/**
 * Other agents that a portal knows of beside those of its configuration: from a registry of its own, say. A bean of this
 * type is asked when the host starts; {@link dev.sanca.host.toolkit.ToolkitRegistry#offerAgents} tells of changes.
 */
@FunctionalInterface
public interface AgentDirectory {
    /** The agents by name: {@code agents.<name>} in an action. */
    Map<String, Agent> agents();
}
