package dev.sanca.host.engine;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/** Up while the engine serves; else one sentence that says why not. */
final class EngineHealthIndicator extends AbstractHealthIndicator {
    private final EngineSupervisor supervisor;

    EngineHealthIndicator(EngineSupervisor supervisor) {
        this.supervisor = supervisor;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) {
        EngineState state = supervisor.state();
        Status status = switch (state.phase()) {
            case UP -> Status.UP;
            case DOWN -> Status.DOWN;
            case STARTING, OFF -> Status.UNKNOWN;
        };
        builder.status(status).withDetail("message", state.sentence());
    }
}
