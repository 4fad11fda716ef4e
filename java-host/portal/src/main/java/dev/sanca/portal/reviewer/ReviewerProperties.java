package dev.sanca.portal.reviewer;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The reviewing agent.
 *
 * @param enabled whether the portal starts it
 * @param python a Python that has its packages
 * @param program its file
 * @param port where it listens on 127.0.0.1
 */
@ConfigurationProperties("portal.reviewer")
record ReviewerProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("python3") String python,
        @DefaultValue("examples/change_reviewer/server.py") String program,
        @DefaultValue("18120") int port) {}
