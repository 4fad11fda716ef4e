"""Every error of sanca, in one tree. The class says who can do something about it.

SancaError
├─ ConfigurationError           the operator can fix it; says which setting and what was read
├─ GatewayError
│  ├─ GatewayUnavailableError   (retry)
│  ├─ GatewayAuthError
│  └─ ConversionError
├─ ToolError
│  ├─ ToolNotFoundError
│  ├─ ToolArgumentError         the model may try again
│  ├─ ToolDeniedError           a person or a policy said no
│  └─ ToolFailedError           it should not be tried again unchanged
├─ SandboxError
│  ├─ ActionTimeoutError
│  └─ LimitExceededError
├─ ModelError
│  ├─ ModelUnavailableError     (retry)
│  └─ ModelOutputError          could not be parsed
├─ StoreError
│  ├─ StoreUnavailableError     (retry)
│  ├─ RecordConflictError       (read again, then write)
│  └─ DocumentError             who adds it can mend it
├─ AccessError                  who asks may not, at a door
│  ├─ UnauthenticatedError      no or wrong credentials
│  ├─ ForbiddenError            a right is missing
│  └─ RateLimitedError          (retry later)
├─ RefusedError                 the request cannot be served as it is
│  ├─ NotFoundError             not there, or another's: the two look the same
│  ├─ BadRequestError           a field is missing, wrong or too large
│  │  └─ TooLargeError
│  ├─ NotWaitingError           the run does not wait for this answer (any more)
│  └─ NotAllowedError           a right is missing
├─ OutsideError                 the outside is not called, or not believed
│  ├─ AddressRefusedError       the address may not be called
│  └─ BodyRefusedError          what came cannot be read
└─ RunError
   ├─ BudgetExceededError
   └─ RunCancelledError
"""

from __future__ import annotations

from collections.abc import Sequence


class SancaError(Exception):
    """Base of all errors that sanca raises on purpose. `str(error)` is one clear sentence fit for a user."""

    retryable: bool = False
    """Whether the same call may succeed later without any change."""


class ConfigurationError(SancaError):
    """A setting is missing or wrong; the operator can fix it."""

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        self.setting = setting
        super().__init__(message)


class GatewayError(SancaError):
    """The Py4J gateway to the host misbehaved."""


class GatewayUnavailableError(GatewayError):
    """The host did not answer; it may be starting again."""

    retryable = True


class GatewayAuthError(GatewayError):
    """The host refused our token."""


class ConversionError(GatewayError):
    """A value has no form on the wire."""


class ToolError(SancaError):
    """A tool call did not give a value."""

    kind: str = "failed"
    """The `kind` of the call envelope this error stands for (docs/reference/contracts.md, section 3)."""

    def __init__(
        self,
        message: str,
        *,
        tool_name: str = "",
        call_id: str = "",
        argument: str | None = None,
        near: Sequence[str] = (),
        java_class: str | None = None,
        stack: Sequence[str] = (),
        retryable: bool = False,
        kind: str = "",
    ) -> None:
        self.kind = kind or self.kind
        self.tool_name = tool_name
        self.call_id = call_id
        self.argument = argument
        self.near = tuple(near)
        self.java_class = java_class
        self.stack = tuple(stack)
        self.retryable = retryable
        super().__init__(message)


class ToolNotFoundError(ToolError):
    """No toolkit or tool of that name; `near` holds names that are close."""

    kind = "not_found"


class ToolArgumentError(ToolError):
    """An argument is missing, unknown or of the wrong kind; `argument` names it."""

    kind = "argument"


class ToolDeniedError(ToolError):
    """A person, a right or a policy refused the call."""

    kind = "denied"


class ToolFailedError(ToolError):
    """The tool ran and failed."""

    kind = "failed"


class SandboxError(SancaError):
    """The sandbox could not run an action."""


class ActionTimeoutError(SandboxError):
    """The action used up its time."""


class LimitExceededError(SandboxError):
    """The action hit a limit of bytes or processes."""


class ModelError(SancaError):
    """A language model call failed."""


class ModelUnavailableError(ModelError):
    """The endpoint did not answer, or asked us to wait."""

    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class ModelOutputError(ModelError):
    """The reply could not be used: no code block, two blocks, cut off."""


class StoreError(SancaError):
    """The memory store refused."""


class StoreUnavailableError(StoreError):
    """The memory store did not answer in time."""

    retryable = True


class RecordConflictError(StoreError):
    """A record was changed by another since it was read: read it again, then write."""

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id
        super().__init__(f"{record_id!r} was changed meanwhile; read it again and repeat the change.")


class DocumentError(StoreError):
    """A document cannot be taken into knowledge; `reason` says why."""

    def __init__(self, document: str, reason: str) -> None:
        self.document = document
        self.reason = reason
        super().__init__(f"{document!r} was not added: {reason}.")


class AccessError(SancaError):
    """A door refuses who asks."""


class UnauthenticatedError(AccessError):
    """No credentials, or wrong or expired ones."""


class ForbiddenError(AccessError):
    """The right is missing; `right` names it."""

    def __init__(self, message: str, *, right: str = "") -> None:
        self.right = right
        super().__init__(message)


class RateLimitedError(AccessError):
    """Too many requests, or too many streams at once."""

    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class RefusedError(SancaError):
    """The request cannot be served as it is."""


class NotFoundError(RefusedError):
    """No such thing, or not this caller's: the two look the same from outside."""


class BadRequestError(RefusedError):
    """A field is missing, wrong or too large; the message names it."""


class TooLargeError(BadRequestError):
    """A body, a message or a file is larger than may come in."""


class NotWaitingError(RefusedError):
    """The run does not wait for this answer (any more)."""


class NotAllowedError(RefusedError):
    """The caller lacks a right; the message names it."""


class OutsideError(SancaError):
    """Something on somebody else's word leads where we do not go."""


class AddressRefusedError(OutsideError):
    """The address is no public one, or not written as one."""


class BodyRefusedError(OutsideError):
    """An answer's body is packed in a way that cannot be read."""


class RunError(SancaError):
    """A run could not go on."""


class BudgetExceededError(RunError):
    """The run used up its rounds, calls, seconds or money."""


class RunCancelledError(RunError):
    """A person cancelled the run."""
