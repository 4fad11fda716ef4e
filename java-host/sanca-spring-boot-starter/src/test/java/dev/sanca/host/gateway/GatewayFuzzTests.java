package dev.sanca.host.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sanca.host.calls.ToolCalls;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

/** The gateway against bytes that no client of ours would send: it falls over nothing, runs nothing and keeps nothing. */
class GatewayFuzzTests {
    private static final String TOKEN = "a-token";
    private static final int MAX_CONNECTIONS = 8;
    private static final Duration COMMAND_TIME = Duration.ofMillis(300);
    private static final int MAX_BYTES = 64 * 1024;
    private static final List<String> WORDS = List.of(
            "c",
            "C",
            "t",
            "a",
            "i",
            "r",
            "f",
            "m",
            "d",
            "q",
            "x",
            "p",
            "A",
            "e",
            "s",
            "call",
            "describe",
            "status",
            "cancel",
            "getClass",
            "java.lang.Runtime",
            "z:java.lang.Runtime",
            "getRuntime",
            "o0",
            "o1",
            "GATEWAY_SERVER",
            "sx",
            "s",
            "i1",
            "L9",
            "D0.1",
            "ltrue",
            "n",
            "rt",
            "fp1;java.lang.Runnable",
            "b3",
            "b0",
            "b-1",
            "b65000",
            "b999999999",
            "b9999999999",
            "b",
            "!yv",
            "\\",
            "s\\",
            "s\\n",
            "\0",
            "你好",
            "🐍");
    private final Set<String> called = ConcurrentHashMap.newKeySet();
    private LockedGatewayServer server;

    @BeforeEach
    void open() {
        server = new LockedGatewayServer(
                new HostEntryPoint(new Spy()),
                new GatewayProperties(
                        true,
                        0,
                        MAX_CONNECTIONS,
                        DataSize.ofBytes(MAX_BYTES),
                        COMMAND_TIME,
                        Duration.ZERO,
                        Duration.ZERO),
                new GatewayTokens(Duration.ZERO, System::nanoTime, TOKEN));
        server.start();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        eventually(() -> server.openConnections() == 0);
        assertAnswers();
        eventually(() -> server.openConnections() == 0);
        server.shutdown();
        eventually(() -> gatewayThreads().isEmpty());
        assertThat(called).isSubsetOf("call", "describe", "status", "cancel");
    }

    @RepeatedTest(40)
    void anyBytesAreAnsweredOrTheConnectionEnds(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] bytes = new byte[random.nextInt(4_000)];
        random.nextBytes(bytes);
        send(random.nextBoolean(), bytes);
        assertThat(called).isEmpty();
    }

    @RepeatedTest(60)
    void anyLinesOfTheProtocolReachOnlyTheFourMethods(RepetitionInfo repetition) throws IOException {
        Random random = new Random(1_000L + repetition.getCurrentRepetition());
        StringBuilder lines = new StringBuilder();
        for (int i = random.nextInt(60); i >= 0; i--) {
            lines.append(WORDS.get(random.nextInt(WORDS.size()))).append(random.nextInt(10) == 0 ? "\r\n" : "\n");
        }
        send(true, lines.append("e\n").toString().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aLineWithoutAnEndIsCutOffAtTheLimit() throws IOException {
        byte[] huge = "s".repeat(MAX_BYTES * 4).getBytes(StandardCharsets.UTF_8);
        String answer = send(true, huge);
        assertThat(answer).contains("larger than sanca.gateway.max-payload");
        assertThat(send(false, huge)).doesNotContain("!yv");
    }

    @Test
    void aCountThatIsTooLargeIsCutOffBeforeItsBytesCome() throws IOException {
        assertThat(send(true, "C\nt\nstatus\nb999999999\nxx".getBytes(StandardCharsets.UTF_8)))
                .contains("larger than sanca.gateway.max-payload");
    }

    @Test
    void countedBytesThatNeverComeCostNoMemory() throws IOException {
        long before = usedBytes();
        for (int i = 0; i < 100; i++) {
            send(true, ("C\nt\nstatus\nb" + MAX_BYTES + "\nxx").getBytes(StandardCharsets.UTF_8));
        }
        assertThat(usedBytes() - before).isLessThan(4L * 1024 * 1024);
        assertThat(called).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "c",
                "c\nt\ncal",
                "c\nt\ncall\nsa\n",
                "c\nt\ncall\nsa\nsb\nsc\nsd\n",
                "C\nt\nstatus\nb10\nhalf",
                "C\nt\nstatus\nb4\nhalf"
            })
    void aHalfCommandHoldsAConnectionOnlyForAWhile(String command) throws IOException {
        long begun = System.nanoTime();
        try (Socket half = connect(true)) {
            half.getOutputStream().write(command.getBytes(StandardCharsets.UTF_8));
            half.setSoTimeout(10_000);
            assertThat(half.getInputStream().readAllBytes()).isEmpty();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void aWholeCommandAfterALongSilenceIsStillAnswered() throws Exception {
        try (Socket idle = connect(true)) {
            Thread.sleep(COMMAND_TIME.toMillis() * 3); // the silence is what is tried
            idle.getOutputStream().write("c\nt\ndescribe\ne\n".getBytes(StandardCharsets.UTF_8));
            idle.setSoTimeout(5_000);
            assertThat(new String(idle.getInputStream().readNBytes(5), StandardCharsets.UTF_8))
                    .isEqualTo("!ys{}");
        }
    }

    @Test
    void aFloodOfConnectionsIsTurnedAwayAndLeavesNothing() throws IOException {
        List<Socket> flood = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            flood.add(new Socket(InetAddress.getLoopbackAddress(), server.getListeningPort()));
        }
        assertThat(server.openConnections()).isLessThanOrEqualTo(MAX_CONNECTIONS);
        assertThat(gatewayThreads()).hasSizeLessThanOrEqualTo(MAX_CONNECTIONS + 1);
        for (Socket socket : flood) {
            socket.close();
        }
    }

    @Test
    void connectionsThatAreResetInTheMiddleLeaveNothing() throws IOException {
        for (int i = 0; i < 100; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getListeningPort());
            socket.setSoLinger(true, 0); // closing now resets
            socket.getOutputStream().write(("A\n" + TOKEN + "\nc\nt\nca").getBytes(StandardCharsets.UTF_8));
            socket.close();
        }
        assertThat(called).isEmpty();
    }

    @Test
    void whatWasRefusedIsNotKeptInMemory() throws IOException {
        byte[] huge = "s".repeat(MAX_BYTES * 4).getBytes(StandardCharsets.UTF_8);
        send(true, huge); // classes are loaded by now
        long before = usedBytes();
        for (int i = 0; i < 200; i++) {
            send(i % 2 == 0, huge);
        }
        assertThat(usedBytes() - before).isLessThan(8L * 1024 * 1024);
    }

    /** Sends, says that nothing more comes, and returns what comes back until the other side ends. */
    private String send(boolean isTrusted, byte[] bytes) throws IOException {
        try (Socket socket = connect(isTrusted)) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            try {
                out.write(bytes);
                socket.shutdownOutput();
            } catch (SocketException cutOff) {
                // that is an answer too; what was said before can still be read
            }
            return readAll(socket.getInputStream());
        }
    }

    private static String readAll(InputStream in) throws IOException {
        StringBuilder answer = new StringBuilder();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                answer.append((char) next);
            }
        } catch (SocketException reset) {
            answer.append(""); // as good as an end
        }
        return answer.toString();
    }

    private Socket connect(boolean isTrusted) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.getListeningPort());
        if (isTrusted) {
            socket.getOutputStream().write(("A\n" + TOKEN + "\n").getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readNBytes(5), StandardCharsets.UTF_8))
                    .isEqualTo("!yvC\n");
        }
        return socket;
    }

    private void assertAnswers() throws IOException {
        assertThat(send(true, "c\nt\ndescribe\ne\n".getBytes(StandardCharsets.UTF_8)))
                .startsWith("!ys{}");
    }

    private static long usedBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static List<String> gatewayThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("sanca-gateway"))
                .toList();
    }

    private static void eventually(BooleanSupplier isTrue) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!isTrue.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    private final class Spy implements ToolCalls {
        @Override
        public String call(String toolkit, String tool, String argumentsJson, String contextJson) {
            called.add("call");
            return "{}";
        }

        @Override
        public String describe() {
            called.add("describe");
            return "{}";
        }

        @Override
        public String cancel(String callId) {
            called.add("cancel");
            return "{}";
        }

        @Override
        public String status(String callId) {
            called.add("status");
            return "{}";
        }
    }
}
