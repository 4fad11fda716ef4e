package dev.sanca.host.calls;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What of an exception's trace is worth reading: the application's own frames, and what caused it. */
final class ErrorFrames {
    private static final int FRAMES = 8;
    private static final int CAUSES = 3;
    private static final int CAUSE_FRAMES = 3;
    private static final int MESSAGE_CHARS = 300;
    private static final List<String> OTHERS =
            List.of("java.", "javax.", "jakarta.", "jdk.", "sun.", "com.sun.", "org.springframework.", "reactor.");

    /** Who calls tools: what is behind is the same for every error. */
    private static final Set<String> CALLERS =
            Set.of("dev.sanca.host.toolkit.AnnotatedToolkit", "dev.sanca.host.calls.RecordedToolCalls");

    private ErrorFrames() {}

    /** The frames of an error, then for each of its causes a line {@code Caused by class: message} and its frames. */
    static List<String> of(Throwable error) {
        List<String> lines = new ArrayList<>(worthReading(error, FRAMES));
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        seen.add(error);
        Throwable cause = error.getCause();
        for (int causes = 0; cause != null && causes < CAUSES && seen.add(cause); causes++) {
            lines.add("Caused by " + cause.getClass().getName() + message(cause.getMessage()));
            lines.addAll(worthReading(cause, CAUSE_FRAMES));
            cause = cause.getCause();
        }
        return lines;
    }

    /** The application's frames; where there are none, the first ones. */
    private static List<String> worthReading(Throwable error, int most) {
        StackTraceElement[] trace = error.getStackTrace();
        List<String> own = Arrays.stream(trace)
                .takeWhile(frame -> !CALLERS.contains(frame.getClassName()))
                .filter(frame -> OTHERS.stream().noneMatch(frame.getClassName()::startsWith))
                .map(StackTraceElement::toString)
                .limit(most)
                .toList();
        return own.isEmpty()
                ? Arrays.stream(trace)
                        .map(StackTraceElement::toString)
                        .limit(most)
                        .toList()
                : own;
    }

    private static String message(@Nullable String message) {
        if (message == null || message.isBlank()) {
            return "";
        }
        return ": " + (message.length() <= MESSAGE_CHARS ? message : message.substring(0, MESSAGE_CHARS) + "…");
    }
}
