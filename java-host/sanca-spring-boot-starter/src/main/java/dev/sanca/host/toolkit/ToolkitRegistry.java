package dev.sanca.host.toolkit;

import java.util.List;

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

    /** {@code {"version":…,"toolkits":[…]}}, what the engine reads. */
    String describe();

    /** Changes whenever any toolkit does; the same after a restart with the same toolkits. */
    String version();

    /** Calls the listener after each change, on the thread that made it. */
    void addListener(Runnable listener);

    /** A tool and the toolkit that runs it. */
    record RegisteredTool(Toolkit toolkit, ToolDefinition definition) {}
}
