package dev.sanca.portal;

import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalysisReporter;

/** Says on the console why the portal cannot start, since the log goes to a file. Named in META-INF/spring.factories. */
final class ConsoleFailureReporter implements FailureAnalysisReporter {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    @Override
    public void report(FailureAnalysis analysis) {
        String action =
                analysis.getAction() == null ? "" : "\n" + analysis.getAction().strip();
        sayOnce(analysis.getDescription().strip() + action);
    }

    /** Prints one failure; what follows from it is not told again. */
    static void sayOnce(String sentence) {
        if (SAID.compareAndSet(false, true)) {
            System.err.println(sentence);
        }
    }
}
