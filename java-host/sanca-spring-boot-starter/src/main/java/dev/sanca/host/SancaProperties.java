package dev.sanca.host;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What all parts share.
 *
 * @param home state folder of host and engine, mode 0700; by default {@code .sanca} in the working directory (the
 *     environment variable SANCA_HOME sets it too)
 */
@ConfigurationProperties("sanca")
record SancaProperties(@Nullable Path home) {

    SancaProperties {
        if (home == null || home.toString().isEmpty()) {
            home = Path.of(System.getProperty("user.dir"), ".sanca");
        }
    }
}
