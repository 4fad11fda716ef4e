package dev.sanca.host.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import py4j.Gateway;
import py4j.GatewayConnection;
import py4j.GatewayServer;
import py4j.Py4JServerConnection;

/** A Py4J server on loopback that speaks only what {@link LockedConnection} speaks. */
final class LockedGatewayServer extends GatewayServer {
    /** Held so that its level stays: the library says each connection at INFO. */
    private static final Logger LIBRARY = Logger.getLogger("py4j");

    private final LockedGateway locked;
    private final HostEntryPoint entryPoint;
    private final GatewayTokens tokens;
    private final long maxPayloadBytes;
    private final int commandMillis;
    private final Set<Py4JServerConnection> open;

    static {
        LIBRARY.setLevel(Level.WARNING);
    }

    LockedGatewayServer(HostEntryPoint entryPoint, GatewayProperties properties, GatewayTokens tokens) {
        this(entryPoint, properties, tokens, new LockedGateway(), ConcurrentHashMap.newKeySet());
    }

    private LockedGatewayServer(
            HostEntryPoint entryPoint,
            GatewayProperties properties,
            GatewayTokens tokens,
            LockedGateway locked,
            Set<Py4JServerConnection> open) {
        super(
                locked,
                properties.port(),
                InetAddress.getLoopbackAddress(),
                0,
                0,
                null,
                BoundedServerSocket.factory(properties.maxConnections(), open::size));
        this.locked = locked;
        this.entryPoint = entryPoint;
        this.tokens = tokens;
        this.maxPayloadBytes = properties.maxPayload().toBytes();
        this.commandMillis = (int) properties.commandTimeout().toMillis();
        this.open = open;
    }

    @Override
    protected Py4JServerConnection createConnection(Gateway unused, Socket socket) throws IOException {
        socket.setTcpNoDelay(true); // without it 3 to 8 % of 100 KB answers stall for 40 ms (Nagle and delayed ACK)
        GatewayConnection connection = new LockedConnection(
                locked, (BoundedSocket) socket, entryPoint, tokens, maxPayloadBytes, commandMillis, getListeners());
        open.add(connection);
        connection.startConnection();
        return connection;
    }

    @Override
    public void connectionStopped(Py4JServerConnection connection) {
        super.connectionStopped(connection);
        open.remove(connection);
    }

    int openConnections() {
        return open.size();
    }
}
