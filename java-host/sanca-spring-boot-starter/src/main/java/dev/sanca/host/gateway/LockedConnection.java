package dev.sanca.host.gateway;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import py4j.Gateway;
import py4j.GatewayConnection;
import py4j.GatewayServerListener;
import py4j.Protocol;
import py4j.commands.CallCommand;
import py4j.commands.Command;
import py4j.commands.MemoryCommand;

/**
 * One Py4J connection that speaks a part of the protocol only: the token first, then calls of {@link HostEntryPoint} with
 * text arguments. None of the library's commands is reachable; each is refused by name and the connection goes on.
 *
 * <p>One command is ours: {@value #COUNTED_CALL}, a call whose long texts are counted bytes and not lines (decision 0015).
 */
final class LockedConnection extends GatewayConnection {
    private static final Logger LOG = LoggerFactory.getLogger(LockedConnection.class);
    private static final int TOKEN_BYTES = 1_024;
    private static final int TOKEN_MILLIS = 5_000;
    private static final int MAX_ARGUMENTS = 4;
    private static final int MAX_COUNTED_ARGUMENTS = 20;
    private static final String COUNTED_CALL = "C";
    private static final char COUNTED_TEXT = 'b';
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private final BoundedSocket bounded;
    private final HostEntryPoint entryPoint;
    private final GatewayTokens tokens;
    private final long maxPayloadBytes;
    private final int commandMillis;
    private final WireInput in;
    private final WireOutput out;

    LockedConnection(
            LockedGateway gateway,
            BoundedSocket socket,
            HostEntryPoint entryPoint,
            GatewayTokens tokens,
            long maxPayloadBytes,
            int commandMillis,
            List<GatewayServerListener> listeners)
            throws IOException {
        super(gateway, socket, null, listeners);
        this.bounded = socket;
        this.entryPoint = entryPoint;
        this.tokens = tokens;
        this.maxPayloadBytes = maxPayloadBytes;
        this.commandMillis = commandMillis;
        this.in = new WireInput(socket.getInputStream());
        this.out = new WireOutput(socket.getOutputStream());
    }

    @Override
    protected void initCommands(Gateway gateway, List<Class<? extends Command>> none) {
        // no command of the library
    }

    @Override
    public void startConnection() {
        Thread thread = new Thread(this, "sanca-gateway-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run() {
        try {
            if (isAuthenticated()) {
                serve();
            }
        } catch (BoundedSocket.PayloadTooLargeException error) {
            refuseQuietly(error.getMessage());
        } catch (SocketTimeoutException silent) {
            LOG.debug("A connection to the gateway sent no token, or half a command.");
        } catch (IOException gone) {
            LOG.debug("A connection to the gateway ended: {}", gone.getMessage());
        } finally {
            shutdown();
        }
    }

    private boolean isAuthenticated() throws IOException {
        bounded.allow(TOKEN_BYTES);
        bounded.setSoTimeout(TOKEN_MILLIS);
        if (!Protocol.AUTH_COMMAND_NAME.equals(text(in.line()))) {
            out.error("Authentication error: unexpected command.");
            return false;
        }
        String given = text(in.line());
        if (given == null || !tokens.accepts(given)) {
            out.error("Authentication error: bad auth token received.");
            return false;
        }
        out.done(COUNTED_CALL); // the library's client looks at the first letter only
        bounded.setSoTimeout(0);
        return true;
    }

    private void serve() throws IOException {
        while (true) {
            bounded.allow(maxPayloadBytes);
            if (!in.hasMore()) { // an idle connection may wait here for ever
                return;
            }
            bounded.setSoTimeout(commandMillis); // only a field of the socket; most commands are here whole
            String command = String.valueOf(text(in.line()));
            switch (command) {
                case CallCommand.CALL_COMMAND_NAME -> call(false);
                case COUNTED_CALL -> call(true);
                case MemoryCommand.MEMORY_COMMAND_NAME -> forget();
                case "q" -> {
                    return;
                }
                default -> refuse("refused: command " + printable(command));
            }
            bounded.setSoTimeout(0);
        }
    }

    private void call(boolean isCounted) throws IOException {
        String target = text(in.line());
        String method = String.valueOf(text(in.line()));
        List<String> arguments = textArguments(isCounted);
        if (arguments == null || !Protocol.ENTRY_POINT_OBJECT_ID.equals(target)) {
            out.error("refused: only text arguments to the entry point");
            return;
        }
        String result;
        try {
            result = entryPoint.invoke(method, arguments);
        } catch (RuntimeException error) {
            LOG.error("The gateway could not answer {}.", printable(method), error);
            out.error("the host failed inside (" + error.getClass().getSimpleName() + "); its log says more");
            return;
        }
        if (result == null) {
            out.error("refused: method " + printable(method));
        } else {
            out.text(result, isCounted);
        }
    }

    /** Python's garbage collector may say that it let go of the entry point; there is nothing to free. */
    private void forget() throws IOException {
        skipToEnd();
        out.done("");
    }

    private void refuse(String message) throws IOException {
        skipToEnd();
        out.error(message);
    }

    private @Nullable List<String> textArguments(boolean isCounted) throws IOException {
        int most = isCounted ? MAX_COUNTED_ARGUMENTS : MAX_ARGUMENTS;
        List<String> arguments = new ArrayList<>(MAX_ARGUMENTS);
        boolean onlyText = true;
        WireInput.Line line = in.line();
        while (line != null && !line.is(Protocol.END)) {
            String argument = onlyText && arguments.size() < most ? argument(line, isCounted) : null;
            onlyText = argument != null;
            if (argument != null) {
                arguments.add(argument);
            }
            line = in.line();
        }
        return onlyText && line != null ? arguments : null;
    }

    /** One argument; null: it is no text. */
    private @Nullable String argument(WireInput.Line line, boolean isCounted) throws IOException {
        if (line.isEmpty()) {
            return null;
        }
        if (isCounted && line.first() == COUNTED_TEXT) {
            int count = line.number();
            if (count > maxPayloadBytes) {
                throw new BoundedSocket.PayloadTooLargeException();
            }
            return count < 0 ? null : in.text(count);
        }
        return line.first() == Protocol.STRING_TYPE ? line.unescaped() : null;
    }

    private void skipToEnd() throws IOException {
        WireInput.Line line = in.line();
        while (line != null && !line.is(Protocol.END)) {
            line = in.line();
        }
    }

    private void refuseQuietly(String message) {
        LOG.warn("A call to the gateway was refused: {}", message);
        try {
            out.error(message);
        } catch (IOException gone) {
            LOG.debug("The caller did not wait for the refusal.");
        }
    }

    private static @Nullable String text(WireInput.@Nullable Line line) {
        return line == null ? null : line.text();
    }

    private static String printable(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9_.$]", "?");
        return plain.length() > 40 ? plain.substring(0, 40) + "…" : plain;
    }
}
