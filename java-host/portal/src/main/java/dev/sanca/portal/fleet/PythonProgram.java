package dev.sanca.portal.fleet;

import dev.sanca.host.ConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Finds the interpreter itself behind a name that may be a shim, and checks its version once. */
final class PythonProgram {
    private static final String ASK =
            "import sys; print(sys.executable if sys.version_info >= (3, 11) else 'old ' + sys.version.split()[0])";

    private PythonProgram() {}

    /** @throws ConfigurationException there is none, or it is too old */
    static String resolve(String name) {
        try {
            Process process = new ProcessBuilder(name, "-S", "-c", ASK)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0 || answer.startsWith("old ")) {
                throw new ConfigurationException("The demo fleet needs Python 3.11 or newer, but '" + name + "' is "
                        + (answer.isEmpty() ? "no working Python" : answer)
                        + ": set portal.fleet.python to a newer one.");
            }
            return answer;
        } catch (IOException missing) {
            throw new ConfigurationException(
                    "The demo fleet needs Python 3.11 or newer, but there is no '" + name
                            + "': set portal.fleet.python to one.",
                    missing);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ConfigurationException("The start was interrupted.", interrupted);
        }
    }
}
