"""Which status of which wire stands for an error of ours: the one table that all doors use. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sanca.core.errors import (
    BadRequestError,
    BudgetExceededError,
    ConfigurationError,
    ForbiddenError,
    NotAllowedError,
    NotFoundError,
    NotWaitingError,
    RateLimitedError,
    RunError,
    SancaError,
    StoreError,
    TooLargeError,
    ToolArgumentError,
    ToolDeniedError,
    ToolNotFoundError,
    UnauthenticatedError,
)


@dataclass(frozen=True)
class WireStatus:
    """One error in the words of three wires."""

    http: int
    grpc: str
    """The name of a `grpc.StatusCode`."""
    json_rpc: int
    """Where the protocol has no error of its own for it."""


INTERNAL = WireStatus(500, "INTERNAL", -32603)
INSIDE = "The engine failed inside; its log says where."
"""What a peer reads when something broke: never a traceback, never the error's own words."""

_STATUSES: tuple[tuple[type[SancaError], WireStatus], ...] = (
    (UnauthenticatedError, WireStatus(401, "UNAUTHENTICATED", -32600)),
    (ForbiddenError, WireStatus(403, "PERMISSION_DENIED", -32600)),
    (RateLimitedError, WireStatus(429, "RESOURCE_EXHAUSTED", -32600)),
    (NotFoundError, WireStatus(404, "NOT_FOUND", -32602)),
    (NotAllowedError, WireStatus(403, "PERMISSION_DENIED", -32600)),
    (NotWaitingError, WireStatus(409, "FAILED_PRECONDITION", -32600)),
    (TooLargeError, WireStatus(413, "RESOURCE_EXHAUSTED", -32600)),
    (BadRequestError, WireStatus(400, "INVALID_ARGUMENT", -32602)),
    (ToolNotFoundError, WireStatus(404, "NOT_FOUND", -32602)),
    (ToolArgumentError, WireStatus(400, "INVALID_ARGUMENT", -32602)),
    (ToolDeniedError, WireStatus(403, "PERMISSION_DENIED", -32600)),
    (ConfigurationError, WireStatus(400, "INVALID_ARGUMENT", -32602)),
    (BudgetExceededError, WireStatus(429, "RESOURCE_EXHAUSTED", -32603)),
    (RunError, WireStatus(503, "UNAVAILABLE", -32603)),
    (StoreError, WireStatus(503, "UNAVAILABLE", -32603)),
)


def status_of(error: BaseException) -> WireStatus:
    """Return the statuses that stand for an error; one that is not ours broke inside."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), INTERNAL)


def sentence_of(error: BaseException) -> str:
    """Return what a peer may read of an error: our own sentence, or that something broke inside."""
    return str(error) if isinstance(error, SancaError) else INSIDE
