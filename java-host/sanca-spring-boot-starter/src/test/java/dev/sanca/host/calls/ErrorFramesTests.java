package dev.sanca.host.calls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ErrorFramesTests {
    private static final StackTraceElement OWN = new StackTraceElement("acme.Pool", "take", "Pool.java", 42);
    private static final StackTraceElement JDK = new StackTraceElement("java.util.List", "of", "List.java", 1);
    private static final StackTraceElement SPRING =
            new StackTraceElement("org.springframework.aop.Proxy", "invoke", "Proxy.java", 7);

    @Test
    void theApplicationsFramesAreKeptAndCausesFollow() {
        Throwable cause = with(new IllegalStateException("no connection"), JDK, OWN);
        Throwable error = with(new RuntimeException("no pool", cause), JDK, OWN, SPRING);

        assertThat(ErrorFrames.of(error))
                .containsExactly(
                        "acme.Pool.take(Pool.java:42)",
                        "Caused by java.lang.IllegalStateException: no connection",
                        "acme.Pool.take(Pool.java:42)");
    }

    @Test
    void anErrorOfTheLibrariesAloneKeepsItsFirstFrames() {
        assertThat(ErrorFrames.of(with(new RuntimeException(), JDK))).containsExactly("java.util.List.of(List.java:1)");
    }

    @Test
    void causesInACircleEnd() {
        RuntimeException one = new RuntimeException("one");
        RuntimeException two = new RuntimeException("two", one);
        one.initCause(two);

        List<String> lines = ErrorFrames.of(with(one));

        assertThat(lines.stream().filter(line -> line.startsWith("Caused by"))).hasSize(1);
    }

    private static Throwable with(Throwable error, StackTraceElement... frames) {
        error.setStackTrace(frames);
        return error;
    }
}
