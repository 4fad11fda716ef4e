package dev.sanca.host.toolkit;

import dev.sanca.host.HostJson;
import dev.sanca.host.toolkit.agent.Agent;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Copy on write: lookups take no lock, changes are rare. Definitions are made when they are first asked for. */
final class DefaultToolkitRegistry implements ToolkitRegistry {
    private static final String RESERVED = "sanca";
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile Map<String, Entry> entries = Map.of();
    private volatile Map<String, Agent> agents = Map.of();
    private volatile @Nullable Description description;

    @Override
    public void register(Toolkit toolkit) {
        String name = checked(toolkit.name());
        change(copy -> {
            if (copy.putIfAbsent(name, new Entry(toolkit)) != null) {
                throw new IllegalArgumentException("There is a toolkit '" + name + "' already: take another name.");
            }
            return true;
        });
    }

    @Override
    public void replace(Toolkit toolkit) {
        change(copy -> {
            copy.put(checked(toolkit.name()), new Entry(toolkit));
            return true;
        });
    }

    @Override
    public boolean remove(String name) {
        return change(copy -> copy.remove(name) != null);
    }

    @Override
    public RegisteredTool find(String toolkit, String tool) {
        Entry entry = entries.get(toolkit);
        if (entry == null) {
            List<String> near = NearNames.of(toolkit, entries.keySet());
            throw new ToolNotFoundException("There is no toolkit '" + toolkit + "'." + NearNames.hint(near), near);
        }
        RegisteredTool found = entry.tools().get(tool);
        if (found == null) {
            List<String> near = NearNames.of(tool, entry.tools().keySet());
            throw new ToolNotFoundException(
                    "The toolkit '" + toolkit + "' has no tool '" + tool + "'." + NearNames.hint(near), near);
        }
        return found;
    }

    @Override
    public List<ToolkitDefinition> definitions() {
        return entries.values().stream().map(Entry::definition).toList();
    }

    @Override
    public void offerAgents(Map<String, Agent> agents) {
        agents.forEach((name, agent) -> {
            if (agent.url() == null || agent.url().isBlank()) {
                throw new IllegalArgumentException("The agent '" + name + "' needs a url.");
            }
        });
        change(copy -> {
            boolean changed = !this.agents.equals(agents);
            this.agents = new LinkedHashMap<>(agents);
            return changed;
        });
    }

    @Override
    public String describe() {
        return described().json();
    }

    @Override
    public String describeToEngine() {
        return described().toEngine();
    }

    @Override
    public String version() {
        return described().version();
    }

    @Override
    public void addListener(Runnable listener) {
        listeners.add(listener);
    }

    private static String checked(String name) {
        if (name.equals(RESERVED) || name.startsWith(RESERVED + ".")) {
            throw new IllegalArgumentException(
                    "The toolkit name '" + name + "' is the engine's own: take another name.");
        }
        return name;
    }

    private boolean change(Change change) {
        boolean changed;
        synchronized (this) {
            Map<String, Entry> copy = new LinkedHashMap<>(entries);
            changed = change.apply(copy);
            entries = copy;
            description = null;
        }
        if (changed) {
            listeners.forEach(Runnable::run);
        }
        return changed;
    }

    private synchronized Description described() {
        Description current = description;
        if (current == null) {
            current = Description.of(definitions(), agents);
            description = current;
        }
        return current;
    }

    private interface Change {
        boolean apply(Map<String, Entry> copy);
    }

    private record Description(String version, String json, String toEngine) {
        static Description of(List<ToolkitDefinition> toolkits, Map<String, Agent> agents) {
            ObjectNode node = HostJson.MAPPER.createObjectNode();
            String list = HostJson.MAPPER.writeValueAsString(toolkits);
            String named = agents.isEmpty() ? "" : ToolkitsFile.WRITER.writeValueAsString(agents);
            String version = digest(list + named);
            node.put("version", version).set("toolkits", HostJson.MAPPER.readTree(list));
            String forAll = node.toString();
            if (!named.isEmpty()) {
                node.set("agents", HostJson.MAPPER.readTree(named));
            }
            return new Description(version, forAll, node.toString());
        }

        private static String digest(String text) {
            try {
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
                return HexFormat.of().formatHex(hash, 0, 8);
            } catch (NoSuchAlgorithmException impossible) {
                throw new IllegalStateException("Every Java has SHA-256.", impossible);
            }
        }
    }

    /** A toolkit with its definition, read once. */
    private static final class Entry {
        private final Toolkit toolkit;
        private @Nullable ToolkitDefinition definition;
        private volatile @Nullable Map<String, RegisteredTool> tools;

        Entry(Toolkit toolkit) {
            this.toolkit = toolkit;
        }

        synchronized ToolkitDefinition definition() {
            ToolkitDefinition current = definition;
            if (current == null) {
                current = toolkit.definition();
                definition = current;
            }
            return current;
        }

        Map<String, RegisteredTool> tools() {
            Map<String, RegisteredTool> current = tools;
            if (current == null) {
                current = new LinkedHashMap<>();
                for (ToolDefinition tool : new ArrayList<>(definition().tools())) {
                    current.put(tool.name(), new RegisteredTool(toolkit, tool));
                }
                tools = current;
            }
            return current;
        }
    }
}
