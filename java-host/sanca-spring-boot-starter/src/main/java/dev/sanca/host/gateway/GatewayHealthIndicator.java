package dev.sanca.host.gateway;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up while the gateway listens; says how many connections the engine's broker holds. */
final class GatewayHealthIndicator extends AbstractHealthIndicator {
    private final GatewayLifecycle gateway;

    GatewayHealthIndicator(GatewayLifecycle gateway) {
        this.gateway = gateway;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        if (gateway.isRunning()) {
            builder.up().withDetail("port", gateway.port()).withDetail("connections", gateway.openConnections());
        } else {
            builder.down().withDetail("message", "The gateway is closed: the engine cannot call tools of this host.");
        }
    }
}
