package dev.sanca.host.gateway;

import java.util.Map;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/** {@code /actuator/sancagateway}: how the gateway is, and by POST a new token. Never shows a token. */
@Endpoint(id = "sancagateway")
final class GatewayEndpoint {
    private final GatewayLifecycle gateway;

    GatewayEndpoint(GatewayLifecycle gateway) {
        this.gateway = gateway;
    }

    /** How it is. */
    @ReadOperation
    public Map<String, Object> state() {
        return Map.of(
                "open", gateway.isRunning(),
                "port", gateway.port(),
                "connections", gateway.openConnections(),
                "tokenSince", gateway.tokenSince().toString());
    }

    /** Makes a new token. */
    @WriteOperation
    public Map<String, Object> rotateToken() {
        gateway.rotateToken();
        return state();
    }
}
