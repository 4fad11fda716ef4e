package dev.sanca.host.gateway;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.function.IntSupplier;
import javax.net.ServerSocketFactory;

/** Accepts {@link BoundedSocket}s, and closes those beyond the limit of connections at once. */
final class BoundedServerSocket extends ServerSocket {
    private final int maxConnections;
    private final IntSupplier open;

    private BoundedServerSocket(int maxConnections, IntSupplier open) throws IOException {
        this.maxConnections = maxConnections;
        this.open = open;
    }

    @Override
    public Socket accept() throws IOException {
        while (true) {
            BoundedSocket socket = new BoundedSocket();
            implAccept(socket);
            if (open.getAsInt() < maxConnections) {
                return socket;
            }
            socket.close();
        }
    }

    /** @param open how many connections there are now */
    static ServerSocketFactory factory(int maxConnections, IntSupplier open) {
        return new ServerSocketFactory() {
            @Override
            public ServerSocket createServerSocket() throws IOException {
                return new BoundedServerSocket(maxConnections, open);
            }

            @Override
            public ServerSocket createServerSocket(int port) throws IOException {
                return createServerSocket(port, 0);
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog) throws IOException {
                return createServerSocket(port, backlog, InetAddress.getLoopbackAddress());
            }

            @Override
            public ServerSocket createServerSocket(int port, int backlog, InetAddress address) throws IOException {
                ServerSocket socket = createServerSocket();
                socket.bind(new InetSocketAddress(address, port), backlog);
                return socket;
            }
        };
    }
}
