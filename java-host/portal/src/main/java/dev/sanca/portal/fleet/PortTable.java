package dev.sanca.portal.fleet;

import dev.sanca.host.ConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which process listens on which TCP port, read from /proc. */
final class PortTable {
    private static final Path PROC = Path.of("/proc");
    private static final String LISTEN = "0A";

    private PortTable() {}

    /** Pid by port, for those of {@code ports} on which somebody listens whom we may see. */
    static Map<Integer, Long> listeners(Set<Integer> ports) {
        Map<String, Integer> portByInode = new HashMap<>();
        for (String table : new String[] {"net/tcp", "net/tcp6"}) {
            lines(PROC.resolve(table)).stream()
                    .skip(1)
                    .map(line -> line.strip().split("\\s+"))
                    .forEach(row -> {
                        int port = Integer.parseInt(row[1].substring(row[1].lastIndexOf(':') + 1), 16);
                        if (row[3].equals(LISTEN) && ports.contains(port)) {
                            portByInode.put("socket:[" + row[9] + "]", port);
                        }
                    });
        }
        return portByInode.isEmpty() ? Map.of() : owners(portByInode);
    }

    /** @throws ConfigurationException somebody holds one of the services' ports */
    static void requireFree(List<ServiceSpec> services) {
        Map<Integer, Long> taken =
                listeners(services.stream().map(ServiceSpec::port).collect(Collectors.toSet()));
        taken.forEach((port, pid) -> {
            throw new ConfigurationException("The demo fleet needs port " + port + ", which process " + pid + " holds ("
                    + describe(pid).orElse("unknown")
                    + "): stop it, or set portal.fleet.base-port to four free ports.");
        });
    }

    /** The command line of a process. */
    static Optional<String> describe(long pid) {
        try {
            String line = Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.UTF_8);
            return Optional.of(line.replace('\0', ' ').strip()).filter(text -> !text.isEmpty());
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    private static Map<Integer, Long> owners(Map<String, Integer> portByInode) {
        Map<Integer, Long> owners = new HashMap<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                collect(process, portByInode, owners);
            }
        } catch (IOException unreadable) {
            return owners;
        }
        return owners;
    }

    private static void collect(Path process, Map<String, Integer> portByInode, Map<Integer, Long> owners) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files) {
                Integer port = portByInode.get(target(file));
                if (port != null) {
                    owners.put(port, Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException notOurs) {
            return; // a process that ended or belongs to somebody else
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closed) {
            return "";
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException missing) {
            return List.of();
        }
    }
}
