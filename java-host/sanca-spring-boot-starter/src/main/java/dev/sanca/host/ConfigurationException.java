package dev.sanca.host;

import org.jspecify.annotations.Nullable;

/** A setting is missing or wrong, or the machine is not as it must be; the operator can mend it as the sentence says. */
public class ConfigurationException extends HostException {
    private static final long serialVersionUID = 1L;

    public ConfigurationException(String message) {
        super(message);
    }

    public ConfigurationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
