package dev.sanca.host.gateway;

import dev.sanca.host.ConfigurationException;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The gateway that the engine's broker calls.
 *
 * @param enabled whether it is opened
 * @param port on 127.0.0.1; 0: any free one
 * @param maxConnections connections at once; more are closed at once
 * @param maxPayload the largest call that is read
 * @param commandTimeout how long a command that has begun may pause before its connection is closed
 * @param tokenLifetime how long a token is good for new connections before another one is made; 0: as long as the host runs
 * @param tokenOverlap how long the token before is good after that
 */
@ConfigurationProperties("sanca.gateway")
record GatewayProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("15333") int port,
        @DefaultValue("256") int maxConnections,
        @DefaultValue("16MB") DataSize maxPayload,
        @DefaultValue("10s") Duration commandTimeout,
        @DefaultValue("12h") Duration tokenLifetime,
        @DefaultValue("1m") Duration tokenOverlap) {

    GatewayProperties {
        if (port < 0 || port > 65_535) {
            throw new ConfigurationException("sanca.gateway.port is " + port + ": it must be 0 to 65535.");
        }
        if (maxConnections < 1) {
            throw new ConfigurationException(
                    "sanca.gateway.max-connections is " + maxConnections + ": it must be 1 or more.");
        }
        if (tokenLifetime.isNegative() || (tokenLifetime.toMillis() < 100 && !tokenLifetime.isZero())) {
            throw new ConfigurationException(
                    "sanca.gateway.token-lifetime is " + tokenLifetime + ": it must be 0 (never) or at least 100ms.");
        }
        if (tokenOverlap.isNegative()) {
            throw new ConfigurationException(
                    "sanca.gateway.token-overlap is " + tokenOverlap + ": it must not be below 0.");
        }
    }
}
