package dev.sanca.portal.fleet;

import dev.sanca.host.HostJson;
import dev.sanca.portal.git.HistoryTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.yaml.snakeyaml.Yaml;

/** Reads the templates under {@code classpath:fleet/}. */
public final class FleetResources {
    private static final String ROOT = "fleet/";

    private FleetResources() {}

    /** The newest files of the shop, by path; ports are filled in. */
    static Map<String, String> repositoryFiles(List<ServiceSpec> services) {
        Map<String, String> files = new TreeMap<>();
        texts("repo/").forEach((path, text) -> files.put(path, withPorts(text, services)));
        return files;
    }

    static HistoryTemplate history() {
        return yaml("history.yaml", HistoryTemplate.class);
    }

    /** Writes one of the programs that may hold a port. */
    static Path writeTool(Path folder, String name) {
        try (InputStream in = new ClassPathResource(ROOT + "tools/" + name).getInputStream()) {
            Files.createDirectories(folder);
            Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            return folder.resolve(name);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** A YAML file as a record. */
    public static <T> T yaml(String name, Class<T> type) {
        try (InputStream in = new ClassPathResource(ROOT + name).getInputStream()) {
            Object tree = new Yaml().load(in);
            return HostJson.MAPPER.convertValue(tree, type);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Map<String, String> texts(String folder) {
        Map<String, String> texts = new TreeMap<>();
        try {
            for (Resource each :
                    new PathMatchingResourcePatternResolver().getResources("classpath:" + ROOT + folder + "**")) {
                String address = each.getURL().toString();
                if (address.matches(".*\\.(py|toml|md)")) {
                    int start = address.lastIndexOf(ROOT + folder) + (ROOT + folder).length();
                    texts.put(address.substring(start), each.getContentAsString(StandardCharsets.UTF_8));
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return texts;
    }

    private static String withPorts(String text, List<ServiceSpec> services) {
        String result = text;
        for (ServiceSpec service : services) {
            result = result.replace("{{port." + service.name() + "}}", Integer.toString(service.port()));
        }
        return result;
    }
}
