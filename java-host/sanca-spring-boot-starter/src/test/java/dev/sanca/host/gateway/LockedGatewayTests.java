package dev.sanca.host.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sanca.host.calls.ToolCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/** The locked gateway against the raw bytes of the Py4J protocol. */
class LockedGatewayTests {
    private static final String TOKEN = "a-token";
    private static final int MAX_CONNECTIONS = 3;
    private final List<String> called = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();
    private GatewayTokens tokens;
    private LockedGatewayServer server;

    @BeforeEach
    void open() {
        GatewayProperties properties = new GatewayProperties(
                true,
                0,
                MAX_CONNECTIONS,
                DataSize.ofKilobytes(64),
                Duration.ofSeconds(10),
                Duration.ZERO,
                Duration.ofMinutes(1));
        tokens = new GatewayTokens(properties.tokenOverlap(), nanos::get, TOKEN);
        server = new LockedGatewayServer(new HostEntryPoint(new Echo()), properties, tokens);
        server.start();
    }

    @AfterEach
    void close() {
        server.shutdown();
    }

    @Test
    void aCallWithTheTokenIsAnsweredAndTextSurvivesTheWire() throws IOException {
        try (Client client = new Client()) {
            assertThat(client.send("A\n" + TOKEN + "\n")).isEqualTo("!yvC");
            assertThat(client.send("c\nt\ncall\nsa\nsb\ns{\"x\":\"line\\\\n你好\"}\ns{}\ne\n"))
                    .isEqualTo("!ysa|b|{\"x\":\"line\\\\n你好\"}|{}");
            assertThat(client.send("c\nt\nstatus\nsrun/1\ne\n")).isEqualTo("!ysstatus run/1");
            assertThat(client.send("c\nt\ncancel\nsrun/1\ne\n")).isEqualTo("!yscancel run/1");
            assertThat(client.send("c\nt\ndescribe\ne\n")).isEqualTo("!ys{}");
        }
    }

    @Test
    void longTextsAreCountedBytesForWhoAsksSo() throws IOException {
        String text = "{\"x\":\"\\\\ 你好 🐍 \0 \r\n end\"}".repeat(600);
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        try (Client client = new Client()) {
            client.send("A\n" + TOKEN + "\n");
            assertThat(client.send("C\nt\nstatus\nb" + bytes + "\n" + text + "e\n"))
                    .isEqualTo("!b" + (bytes + 7));
            assertThat(client.read(7 + text.length())).isEqualTo("status " + text);
            assertThat(client.send("C\nt\nstatus\nb3\na\\ne\n")).isEqualTo("!ysstatus a\\\\n");
            assertThat(client.send("C\nt\nstatus\nb0\ne\n")).isEqualTo("!ysstatus ");
            assertThat(client.send("C\nt\ncall\nsa\nb1\nbsc\nb1\nde\n")).isEqualTo("!ysa|b|c|d");
            assertThat(client.send("c\nt\nstatus\ns" + "x".repeat(20_000) + "\ne\n"))
                    .isEqualTo("!ysstatus " + "x".repeat(20_000));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c\nt\nstatus\nb1\ne\n",
                "C\nt\nstatus\nb\ne\n",
                "C\nt\nstatus\nb-1\ne\n",
                "C\nt\nstatus\nbx\ne\n",
                "C\nt\nstatus\ni1\ne\n",
                "C\nt\ngetClass\ne\n",
                "C\no1\nstatus\nb1\nxe\n",
                "a\nn\nsint\ni3\ne\n",
                "i\njava.lang.ProcessBuilder\nsid\ne\n",
                "d\nf\nt\ne\n",
                "f\ng\nt\nsx\ne\n",
                "h\no\nt\ne\n",
                "j\nc\nrj\ne\n",
                "l\ns\no1\ne\n",
                "r\nu\njava\nrj\ne\n",
                "r\nm\njava.lang.Runtime\ngetRuntime\ne\n",
                "s\ne\n",
                "S\nt\ncall\ne\n",
                "p\nt\ne\n",
                "X\ne\n",
                "c\nt\ngetClass\ne\n",
                "c\nt\nhashCode\ne\n",
                "c\nt\ncall\nsa\ne\n",
                "c\nt\nstatus\ni1\ne\n",
                "c\nt\nstatus\nrt\ne\n",
                "c\nt\nstatus\nfp1;java.lang.Runnable\ne\n",
                "c\nt\ndescribe\nsx\ne\n",
                "c\nz:java.lang.Runtime\ngetRuntime\ne\n",
                "c\no1\ncall\nsa\nsb\nsc\nsd\ne\n"
            })
    void everythingElseIsRefusedAndTheConnectionGoesOn(String command) throws IOException {
        try (Client client = new Client()) {
            client.send("A\n" + TOKEN + "\n");
            assertThat(client.send(command)).startsWith("!xsrefused");
            assertThat(client.send("c\nt\ndescribe\ne\n")).isEqualTo("!ys{}");
            assertThat(called).containsExactly("describe");
        }
    }

    @Test
    void lettingGoOfTheEntryPointChangesNothing() throws IOException {
        try (Client client = new Client()) {
            client.send("A\n" + TOKEN + "\n");
            assertThat(client.send("m\nd\nt\ne\n")).isEqualTo("!yv");
            assertThat(client.send("c\nt\ndescribe\ne\n")).isEqualTo("!ys{}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"A\nwrong\n", "A\n\n", "c\nt\ndescribe\ne\n", "GET / HTTP/1.1\n"})
    void withoutTheTokenNothingIsCalledAndTheConnectionEnds(String first) throws IOException {
        try (Client client = new Client()) {
            assertThat(client.send(first)).startsWith("!x").contains("Authentication error");
            assertThat(client.isClosed()).isTrue();
            assertThat(called).isEmpty();
        }
    }

    @Test
    void afterANewTokenTheOldOneIsGoodForTheOverlapAndOpenConnectionsStay() throws IOException {
        try (Client client = new Client()) {
            client.send("A\n" + TOKEN + "\n");
            List<String> announced = new ArrayList<>();
            tokens.rotate(announced::add);
            assertThat(announced).hasSize(1).doesNotContain(TOKEN);
            assertThat(isLetIn(announced.get(0))).isTrue();
            assertThat(isLetIn(TOKEN)).isTrue();
            nanos.set(Duration.ofMinutes(1).toNanos());
            assertThat(isLetIn(TOKEN)).isFalse();
            assertThat(isLetIn(announced.get(0))).isTrue();
            assertThat(client.send("c\nt\ndescribe\ne\n")).isEqualTo("!ys{}");
        }
    }

    @Test
    void aTokenThatCouldNotBeAnnouncedIsNotTheToken() throws IOException {
        List<String> announced = new ArrayList<>();
        assertThatThrownBy(() -> tokens.rotate(token -> {
                    announced.add(token);
                    throw new IllegalStateException("the disk is full");
                }))
                .hasMessage("the disk is full");
        nanos.set(Duration.ofHours(1).toNanos());
        assertThat(isLetIn(TOKEN)).isTrue();
        assertThat(isLetIn(announced.get(0))).isFalse();
    }

    private boolean isLetIn(String token) throws IOException {
        try (Client client = new Client()) {
            return client.send("A\n" + token + "\n").equals("!yvC");
        }
    }

    @Test
    void aPayloadBeyondTheLimitIsRefused() throws IOException {
        try (Client client = new Client()) {
            client.send("A\n" + TOKEN + "\n");
            assertThat(client.send("c\nt\nstatus\ns" + "x".repeat(65 * 1024) + "\ne\n"))
                    .contains("larger than sanca.gateway.max-payload");
            assertThat(called).isEmpty();
        }
    }

    @Test
    void oneConnectionTooManyIsClosedAndTheOthersGoOn() throws IOException {
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < MAX_CONNECTIONS; i++) {
            Client client = new Client();
            client.send("A\n" + TOKEN + "\n");
            clients.add(client);
        }
        try (Client tooMany = new Client()) {
            assertThat(tooMany.isClosed()).isTrue();
        }
        for (Client client : clients) {
            assertThat(client.send("c\nt\ndescribe\ne\n")).isEqualTo("!ys{}");
            client.close();
        }
    }

    @Test
    void itListensOnLoopbackOnly() {
        assertThat(server.getAddress().isLoopbackAddress()).isTrue();
    }

    private final class Client implements AutoCloseable {
        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getListeningPort());
        private final Writer out = new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.UTF_8);
        private final BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));

        Client() throws IOException {
            socket.setSoTimeout(5_000);
        }

        String send(String text) throws IOException {
            out.write(text);
            out.flush();
            return String.valueOf(in.readLine());
        }

        String read(int chars) throws IOException {
            char[] text = new char[chars];
            for (int filled = 0; filled < chars; ) {
                filled += in.read(text, filled, chars - filled);
            }
            return new String(text);
        }

        boolean isClosed() throws IOException {
            try {
                return in.readLine() == null;
            } catch (SocketException reset) {
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private final class Echo implements ToolCalls {
        @Override
        public String call(String toolkit, String tool, String argumentsJson, String contextJson) {
            called.add("call");
            return String.join("|", toolkit, tool, argumentsJson, contextJson);
        }

        @Override
        public String describe() {
            called.add("describe");
            return "{}";
        }

        @Override
        public String cancel(String callId) {
            called.add("cancel");
            return "cancel " + callId;
        }

        @Override
        public String status(String callId) {
            called.add("status");
            return "status " + callId;
        }
    }
}
