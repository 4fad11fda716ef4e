"""What a gateway is: the host's four methods as Python sees them. Implemented by `wire_gateway` and `py4j_gateway`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from sanca.core.errors import GatewayError, GatewayUnavailableError
from sanca.core.tools import CallError, CallOutcome, ToolkitDefinition
from sanca.toolkit_bridge import beside
from sanca.toolkit_bridge.beside import Reply

log = structlog.get_logger(__name__)

REPLY_LIMIT_BYTES = 64 * 1024 * 1024
"""A bigger answer breaks the connection instead of filling the memory."""

REFUSED_TOKEN = (
    "The host refused our token; gateway.json and the running host do not belong together. Restart the host."  # noqa: S105 (a sentence)
)


_ENVELOPE = CallOutcome.__pydantic_validator__  # without `model_validate` around it, which costs as much again

HALF_CHARACTER = "A text holds half a character (a lone surrogate) and cannot be sent to the host."


class ConnectionBrokenError(GatewayUnavailableError):
    """The connection could not be made, or broke. `sent` says whether the host may have received the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


class ReplyTimeoutError(ConnectionBrokenError):
    """The host took the request and did not answer in time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)


@dataclass(slots=True)
class GatewayCall:
    """One tool call on its way to the host. Never changed; to make a frozen one takes three times as long."""

    call_id: str
    toolkit: str
    tool: str
    arguments_json: str
    context_json: str
    """`sanca.core.tools.CallContext` in JSON; its call_id is this call's."""
    timeout_seconds: float = 30.0
    repeatable: bool = False
    """Whether running it twice does no harm (it only reads, or is idempotent)."""
    left: Callable[[], None] | None = None
    """Called when the request has left, before the answer is waited for; may be called again when it leaves again."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Long texts among the arguments, by name: not in `arguments_json` (see `beside.split`)."""


class CallStatus(BaseModel):
    """What the host says about a call id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_id: str = ""
    state: Literal["running", "done", "cancelled", "unknown"]
    begun: bool | None = None
    """Of an unknown one, whether it ever began; None from a host that does not tell."""
    outcome: CallOutcome | None = None


@dataclass(frozen=True, slots=True)
class HostDescription:
    """The host's toolkits; `version` changes when any of them does."""

    version: str
    toolkits: tuple[ToolkitDefinition, ...]
    agents: Mapping[str, Any] = field(default_factory=dict)
    """Other agents that it names, in the form of `toolkits.json`; their headers may hold tokens."""


@runtime_checkable
class Gateway(Protocol):
    """The host's four methods. Blocking, safe to use from many threads at once.

    Lifecycle: made without connecting; connects when first used and again after every break, reading `gateway.json`
    anew; `close` once at the end, after which every method raises GatewayUnavailableError.
    """

    def call(self, call: GatewayCall) -> CallOutcome:
        """Run one tool. The request leaves at most once unless the call is repeatable.

        A call known not to have left is tried on a new connection. One that may have left is asked for by its id once
        the host answers again; what then stays unclear is an outcome of kind `unknown`.

        Raises:
            GatewayUnavailableError: The host cannot be reached, and the call did not leave.
            GatewayAuthError: The host refused the token.
            GatewayError: The host answered something that is no envelope, or more than 64 MB.
        """

    def describe(self) -> HostDescription:
        """Return the host's toolkits as of now."""

    def cancel(self, call_id: str) -> CallStatus:
        """Interrupt a running call and say what became of it."""

    def status(self, call_id: str) -> CallStatus:
        """Say what the host knows of a call."""

    def abandon(self, call_id: str) -> None:
        """Free the thread that waits for this call; the host goes on, and the outcome is asked for once by the id."""

    def close(self) -> None:
        """Close every connection; a waiting call gives up."""


def failure(kind: str, message: str, *, retryable: bool = False) -> CallOutcome:
    """Return the envelope of a call that gave no value."""
    return CallOutcome(
        ok=False, error=CallError.model_validate({"kind": kind, "message": message, "retryable": retryable})
    )


def _begin(text: Reply) -> str:
    return text[:80] if isinstance(text, str) else text[:80].decode(errors="replace")


def parse_envelope(text: Reply) -> CallOutcome:
    """Read the host's answer to `call`.

    Raises:
        GatewayError: It is no call envelope.
    """
    if (value := beside.text_of(text)) is not None:
        return CallOutcome(ok=True, value=value)
    try:
        outcome: CallOutcome = _ENVELOPE.validate_python(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise GatewayError(f"The host's answer is no call envelope; it begins with {_begin(text)!r}.") from error
    return outcome


def parse_status(text: Reply) -> CallStatus:
    """Read the host's answer to `cancel` or `status`."""
    try:
        return CallStatus.model_validate(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise GatewayError(f"The host's answer is no call status; it begins with {_begin(text)!r}.") from error


def parse_description(text: Reply) -> HostDescription:
    """Read the host's answer to `describe`. A toolkit that makes no sense is left out and logged by name."""
    try:
        content = orjson.loads(text)
        version, entries = str(content["version"]), content["toolkits"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        said = f"it begins with {_begin(text)!r}"
        raise GatewayError(f"The host's description is no list of toolkits; {said}.") from error
    agents = content.get("agents")
    named = agents if isinstance(agents, dict) else {}
    return HostDescription(version=version, toolkits=tuple(_readable(entries)), agents=named)


def _readable(entries: Sequence[Any]) -> list[ToolkitDefinition]:
    toolkits = []
    for entry in entries:
        try:
            toolkits.append(ToolkitDefinition.model_validate({"source": "java", **entry}))
        except (ValidationError, TypeError) as error:
            name = entry.get("name", "?") if isinstance(entry, dict) else "?"
            log.warning("toolkit_left_out", toolkit=name, reason=str(error))
    return toolkits
