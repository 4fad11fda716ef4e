package dev.sanca.portal.security;

import dev.sanca.host.ConfigurationException;
import dev.sanca.host.HostJson;
import dev.sanca.host.SancaHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/** {@code demo-users.json} of the state folder, mode 0600: passwords made at the first start, never logged. */
final class DemoUsersFile {
    private static final String NAME = "demo-users.json";
    private static final int BYTES = 15;
    private static final TypeReference<Map<String, Entry>> ENTRIES = new TypeReference<>() {};

    private DemoUsersFile() {}

    private record Entry(String password, String displayName, List<String> rights) {}

    /** Password by user name; those of an earlier start are kept. */
    static Map<String, String> passwords(SancaHome home) {
        Map<String, Entry> entries = read(home.resolve(NAME));
        Map<String, String> passwords = new LinkedHashMap<>();
        for (DemoUser user : DemoUser.values()) {
            Entry known = entries.get(user.userName());
            String password = known == null ? random() : known.password();
            entries.put(user.userName(), new Entry(password, user.displayName(), user.rights()));
            passwords.put(user.userName(), password);
        }
        home.write(NAME, HostJson.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(entries));
        return passwords;
    }

    /** Something nobody guesses. */
    static String random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static Map<String, Entry> read(Path file) {
        try {
            return Files.exists(file)
                    ? HostJson.LENIENT.readValue(Files.readString(file), ENTRIES)
                    : new LinkedHashMap<>();
        } catch (IOException | JacksonException error) {
            throw new ConfigurationException(
                    "The file '" + file + "' cannot be read (" + error.getMessage() + "): delete it, it is made anew.",
                    error);
        }
    }
}
