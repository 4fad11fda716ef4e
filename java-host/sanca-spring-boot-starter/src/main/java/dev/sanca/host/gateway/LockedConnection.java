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
import py4j.ReturnObject;
import py4j.StringUtil;
import py4j.commands.CallCommand;
import py4j.commands.Command;
import py4j.commands.MemoryCommand;

/**
 * One Py4J connection that speaks a part of the protocol only: the token first, then calls of {@link HostEntryPoint} with
 * text arguments. None of the library's commands is reachable; each is refused by name and the connection goes on.
 */
final class LockedConnection extends GatewayConnection {
    private static final Logger LOG = LoggerFactory.getLogger(LockedConnection.class);
    private static final int TOKEN_BYTES = 1_024;
    private static final int TOKEN_MILLIS = 5_000;
    private static final int MAX_ARGUMENTS = 4;
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private final BoundedSocket bounded;
    private final HostEntryPoint entryPoint;
    private final GatewayTokens tokens;
    private final long maxPayloadBytes;
    private final int commandMillis;

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
        String command = reader.readLine();
        if (!Protocol.AUTH_COMMAND_NAME.equals(command)) {
            answerError("Authentication error: unexpected command.");
            return false;
        }
        String given = reader.readLine();
        if (given == null || !tokens.accepts(given)) {
            answerError("Authentication error: bad auth token received.");
            return false;
        }
        answer(Protocol.getOutputVoidCommand());
        bounded.setSoTimeout(0);
        return true;
    }

    private void serve() throws IOException {
        while (true) {
            bounded.allow(maxPayloadBytes);
            int first = reader.read(); // an idle connection may wait here for ever
            bounded.setSoTimeout(commandMillis); // only a field of the socket; most commands are here whole
            String rest = first < 0 || first == '\n' ? "" : reader.readLine();
            String command = first < 0 ? "q" : first == '\n' ? "" : (char) first + String.valueOf(rest);
            if (command.equals("q")) {
                return;
            }
            switch (command) {
                case CallCommand.CALL_COMMAND_NAME -> call();
                case MemoryCommand.MEMORY_COMMAND_NAME -> forget();
                default -> refuse("refused: command " + printable(command));
            }
            bounded.setSoTimeout(0);
        }
    }

    private void call() throws IOException {
        String target = reader.readLine();
        String method = reader.readLine();
        List<String> arguments = textArguments();
        if (arguments == null || !Protocol.ENTRY_POINT_OBJECT_ID.equals(target)) {
            answerError("refused: only text arguments to the entry point");
            return;
        }
        String result;
        try {
            result = entryPoint.invoke(String.valueOf(method), arguments);
        } catch (RuntimeException error) {
            LOG.error("The gateway could not answer {}.", printable(String.valueOf(method)), error);
            answerError("the host failed inside (" + error.getClass().getSimpleName() + "); its log says more");
            return;
        }
        if (result == null) {
            answerError("refused: method " + printable(String.valueOf(method)));
        } else {
            answer(Protocol.getOutputCommand(ReturnObject.getPrimitiveReturnObject(result)));
        }
    }

    /** Python's garbage collector may say that it let go of the entry point; there is nothing to free. */
    private void forget() throws IOException {
        skipToEnd();
        answer(Protocol.getOutputVoidCommand());
    }

    private void refuse(String message) throws IOException {
        skipToEnd();
        answerError(message);
    }

    private @Nullable List<String> textArguments() throws IOException {
        List<String> arguments = new ArrayList<>(MAX_ARGUMENTS);
        boolean onlyText = true;
        String line = reader.readLine();
        while (line != null && !Protocol.isEnd(line)) {
            onlyText &= !line.isEmpty() && line.charAt(0) == Protocol.STRING_TYPE && arguments.size() < MAX_ARGUMENTS;
            if (onlyText) {
                arguments.add(StringUtil.unescape(line.substring(1)));
            }
            line = reader.readLine();
        }
        return onlyText && line != null ? arguments : null;
    }

    private void skipToEnd() throws IOException {
        String line = reader.readLine();
        while (line != null && !Protocol.isEnd(line)) {
            line = reader.readLine();
        }
    }

    private void answer(String text) throws IOException {
        writer.write(text);
        writer.flush();
    }

    private void answerError(String message) throws IOException {
        answer(Protocol.getOutputErrorCommand(message));
    }

    private void refuseQuietly(String message) {
        LOG.warn("A call to the gateway was refused: {}", message);
        try {
            answerError(message);
        } catch (IOException gone) {
            LOG.debug("The caller did not wait for the refusal.");
        }
    }

    private static String printable(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9_.$]", "?");
        return plain.length() > 40 ? plain.substring(0, 40) + "…" : plain;
    }
}
