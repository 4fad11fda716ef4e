package dev.sanca.portal;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Starts the demo portal. The console stays quiet but for the block of {@link ReadyAnnouncement} and one sentence on failure. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class PortalApplication {

    public static void main(String[] arguments) {
        try {
            SpringApplication.run(PortalApplication.class, arguments);
        } catch (RuntimeException failure) {
            ConsoleFailureReporter.sayOnce("The portal could not start: " + failure.getMessage()
                    + " (logs/host.log in the state folder says more).");
            System.exit(1);
        }
    }
}
