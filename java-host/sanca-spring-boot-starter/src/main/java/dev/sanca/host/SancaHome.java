package dev.sanca.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The state folder that host and engine share; only its owner may look in. */
public record SancaHome(Path path) {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNER_FILE = PosixFilePermissions.fromString("rw-------");

    /** Makes the folder with mode 0700 if need be. */
    public static SancaHome at(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            Files.createDirectories(absolute);
            Files.setPosixFilePermissions(absolute, OWNER_ONLY);
        } catch (IOException | UnsupportedOperationException error) {
            throw new ConfigurationException(
                    "The state folder '" + absolute + "' cannot be used (" + error.getMessage()
                            + "): set sanca.home or SANCA_HOME to a folder you may write.",
                    error);
        }
        return new SancaHome(absolute);
    }

    public Path resolve(String name) {
        return path.resolve(name);
    }

    /** Writes a file of mode 0600 in one step: a reader sees the old text or the new, never half of it. */
    public void write(String name, String text) {
        try {
            Path draft = Files.createTempFile(path, name, ".tmp", PosixFilePermissions.asFileAttribute(OWNER_FILE));
            Files.writeString(draft, text, StandardCharsets.UTF_8);
            Files.move(draft, resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException error) {
            throw new ConfigurationException(
                    "The file '" + resolve(name) + "' cannot be written (" + error.getMessage()
                            + "): check the folder's owner and free space.",
                    error);
        }
    }
}
