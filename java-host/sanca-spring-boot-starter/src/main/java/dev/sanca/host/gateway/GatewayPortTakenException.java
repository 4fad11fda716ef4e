package dev.sanca.host.gateway;

import dev.sanca.host.ConfigurationException;

/** The gateway's port is in use. */
class GatewayPortTakenException extends ConfigurationException {
    private static final long serialVersionUID = 1L;

    GatewayPortTakenException(int port, Throwable cause) {
        super(
                "The gateway's port 127.0.0.1:" + port + " is taken by "
                        + PortHolder.find(port).orElse("another process")
                        + ": stop it, or set sanca.gateway.port to a free port (0 takes any).",
                cause);
    }
}
