package dev.sanca.host.engine;

import dev.sanca.host.engine.EngineException.Kind;
import io.grpc.Status;

/** gRPC's words for failure to ours. */
final class EngineErrors {
    static final String LOST =
            "The engine stopped or cannot be reached; it is started again by itself, please try once more in a moment.";

    private EngineErrors() {}

    static EngineException of(Throwable error) {
        if (error instanceof EngineException known) {
            return known;
        }
        Status status = Status.fromThrowable(error);
        Kind kind = switch (status.getCode()) {
            case UNAVAILABLE, UNAUTHENTICATED, CANCELLED, DEADLINE_EXCEEDED, UNKNOWN -> Kind.UNAVAILABLE;
            case INVALID_ARGUMENT, OUT_OF_RANGE -> Kind.INVALID;
            case PERMISSION_DENIED -> Kind.FORBIDDEN;
            case NOT_FOUND -> Kind.NOT_FOUND;
            case FAILED_PRECONDITION, RESOURCE_EXHAUSTED, ALREADY_EXISTS, ABORTED -> Kind.REFUSED;
            default -> Kind.FAILED;
        };
        String said = status.getDescription();
        if (kind == Kind.UNAVAILABLE || said == null || said.isBlank()) {
            said = kind == Kind.UNAVAILABLE ? LOST : "The engine failed (" + status.getCode() + "); its log says more.";
        }
        return new EngineException(kind, said, error);
    }
}
