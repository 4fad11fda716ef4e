package dev.sanca.host.toolkit;

import dev.sanca.host.toolkit.agent.Agent;
import java.util.List;
import java.util.Map;

/** The toolkits of this host. Toolkits come and go while running; the engine hears of it and reads them again. */
public interface ToolkitRegistry {
    /**
     * Adds a toolkit.
     *
     * @throws IllegalArgumentException when the name is taken or cannot be used
     */
    void register(Toolkit toolkit);

    /** Adds a toolkit, or takes the place of the one with its name. */
    void replace(Toolkit toolkit);

    /** Removes a toolkit; calls that run go on to their end. Returns whether there was one. */
    boolean remove(String name);

    /**
     * The tool of that name.
     *
     * @throws ToolNotFoundException with the names that are close
     */
    RegisteredTool find(String toolkit, String tool);

    /** All toolkits, in the order they came. */
    List<ToolkitDefinition> definitions();

    /**
     * Names the other agents that the engine is to offer, in place of those named before; those of {@code toolkits.json}
     * stay, and count where both have a name.
     *
     * @throws IllegalArgumentException when one has no address
     */
    void offerAgents(Map<String, Agent> agents);

    /** {@code {"version":…,"toolkits":[…]}}. */
    String describe();

    /** The same with {@code "agents":{…}}, for the engine alone: headers of agents, which may be tokens, are in it. */
    String describeToEngine();

    /** Changes whenever any toolkit does; the same after a restart with the same toolkits. */
    String version();

    /** Calls the listener after each change, on the thread that made it. */
    void addListener(Runnable listener);

    /** A tool and the toolkit that runs it. */
    record RegisteredTool(Toolkit toolkit, ToolDefinition definition) {}
}
