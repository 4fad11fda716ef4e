package dev.sanca.portal;

import dev.sanca.host.HostException;
import dev.sanca.host.engine.EngineState;
import dev.sanca.host.engine.EngineStatus;
import dev.sanca.portal.fleet.Fleet;
import dev.sanca.portal.security.SignInCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Tells, once everything is up, where to sign in and what to try: the only thing the console shows. */
@Component
class ReadyAnnouncement {
    private static final Logger log = LoggerFactory.getLogger(ReadyAnnouncement.class);
    private static final long ENGINE_LIMIT_MILLIS = 45_000;
    private static final long DOWN_LIMIT_MILLIS = 4_000;
    private static final long POLL_MILLIS = 100;
    private final Fleet fleet;
    private final EngineStatus engine;
    private final SignInCode code;
    private final ApplicationContext context;

    ReadyAnnouncement(Fleet fleet, EngineStatus engine, SignInCode code, ApplicationContext context) {
        this.fleet = fleet;
        this.engine = engine;
        this.code = code;
        this.context = context;
    }

    @EventListener(ApplicationReadyEvent.class)
    void begin() {
        new Thread(this::announce, "announcement").start(); // no daemon: it must live to set the exit code
    }

    private void announce() {
        try {
            fleet.awaitStarted();
        } catch (HostException failure) {
            log.error("The fleet did not start.", failure);
            ConsoleFailureReporter.sayOnce(failure.getMessage());
            System.exit(SpringApplication.exit(context, () -> 1));
        }
        System.out.println(block(engineSentence()));
        System.out.flush();
    }

    private String block(String engineSentence) {
        int port = context instanceof WebServerApplicationContext web && web.getWebServer() != null
                ? web.getWebServer().getPort()
                : 0;
        return """

                  sanca is ready.%s

                  Sign in (once, as operator):  http://127.0.0.1:%d/sign-in?code=%s

                  Break something in the fleet panel, then ask:
                    Something is wrong with the shop. Find out what, and repair it.
                    商店出问题了，请查明原因并修复。
                """.formatted(engineSentence.isEmpty() ? "" : "\n  But: " + engineSentence, port, code.current());
    }

    /** Empty when the engine serves; waits for it a while. */
    private String engineSentence() {
        long begun = System.currentTimeMillis();
        while (System.currentTimeMillis() - begun < patience(engine.state())) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return engine.state().phase() == EngineState.Phase.UP
                ? ""
                : engine.state().sentence();
    }

    /** A start that failed is tried again, but seldom comes right by itself. */
    private static long patience(EngineState state) {
        return switch (state.phase()) {
            case STARTING -> ENGINE_LIMIT_MILLIS;
            case DOWN -> DOWN_LIMIT_MILLIS;
            default -> 0;
        };
    }
}
