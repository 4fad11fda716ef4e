package dev.sanca.host.gateway;

/** What a portal may do with the gateway while it is open. */
public interface GatewayControl {
    /**
     * Makes a new token and writes it into {@code gateway.json}. Open connections stay; the old token is good for
     * {@code sanca.gateway.token-overlap} more.
     *
     * @throws IllegalStateException the gateway is closed
     */
    void rotateToken();
}
