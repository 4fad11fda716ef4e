package dev.sanca.portal.fleet;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The demo fleet.
 *
 * @param python a Python 3.11 or newer; the services need nothing but its standard library
 * @param basePort the first of four ports in a row on 127.0.0.1
 * @param requestsPerSecond traffic through the storefront; 0: none
 * @param scrapeInterval how often metrics are read
 * @param startTimeout how long a started service may take to become healthy
 */
@ConfigurationProperties("portal.fleet")
public record FleetProperties(
        @DefaultValue("python3") String python,
        @DefaultValue("18110") int basePort,
        @DefaultValue("5") int requestsPerSecond,
        @DefaultValue("3s") Duration scrapeInterval,
        @DefaultValue("15s") Duration startTimeout) {}
