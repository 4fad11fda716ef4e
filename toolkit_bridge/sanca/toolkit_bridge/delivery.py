"""At most once: how a call is delivered over a connection that may break. Knows no wire; subclasses bring `_invoke`."""

from __future__ import annotations

import dataclasses
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from sanca.core.errors import GatewayAuthError, GatewayError, GatewayUnavailableError
from sanca.core.tools import CallAttempt, CallOutcome
from sanca.toolkit_bridge.beside import Reply
from sanca.toolkit_bridge.gateway import (
    CallStatus,
    ConnectionBrokenError,
    GatewayCall,
    HostDescription,
    ReplyTimeoutError,
    failure,
    parse_description,
    parse_envelope,
    parse_status,
)

CONTROL_TIMEOUT_SECONDS = 15.0
"""For describe, cancel and status: they never wait for a tool."""

GRACE_SECONDS = 5.0
"""The host ends a tool at its own time limit; we listen this much longer before we give up on the answer."""

STOP_SECONDS = 2.0
"""How long a call that was told to stop may take to do so."""

READ_RECOVERY_SECONDS = 2.0
EFFECT_RECOVERY_SECONDS = 20.0
"""How long a cut-off call waits for the host to come back and say what became of it; an effect is worth a restart."""


_CUT_OFF = "The connection to the host broke before the answer came."


class _Departure:
    """Whether an effect has left."""

    __slots__ = ("_tell", "is_noted")

    def __init__(self, tell: Callable[[], None] | None) -> None:
        self._tell = tell
        self.is_noted = False

    def note(self) -> None:
        self.is_noted = True
        if self._tell is not None:
            self._tell()


class DeliveringGateway(ABC):
    """The part of a gateway that decides what may be sent again. See `sanca.toolkit_bridge.gateway.Gateway`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._closed = threading.Event()
        self._abandoned: set[str] = set()

    @abstractmethod
    def _invoke(
        self,
        method: str,
        arguments: tuple[str, ...],
        timeout_seconds: float,
        call_id: str = "",
        *,
        repeatable: bool = False,
        left: Callable[[], None] | None = None,
    ) -> Reply:
        """Send one request and return the answer's text; never send it twice. One that is `repeatable` its caller may.

        Raises:
            ConnectionBrokenError: With `sent` telling whether the host may have it.
            ReplyTimeoutError: No answer in time.
        """

    def call(self, call: GatewayCall) -> CallOutcome:
        """Run one tool; see the protocol."""
        if call.repeatable:
            return self._deliver(call)
        departure = _Departure(call.left)
        try:
            return self._deliver(dataclasses.replace(call, left=departure.note))
        except (GatewayUnavailableError, GatewayAuthError):
            raise
        except GatewayError as error:
            if not departure.is_noted:
                raise
            return self._after_refusal(call, error)

    def _deliver(self, call: GatewayCall) -> CallOutcome:
        try:
            return parse_envelope(self._send(call))
        except ReplyTimeoutError:
            return self._after_timeout(call)
        except ConnectionBrokenError as broken:
            if broken.sent:
                return self._after_cut(call)
        # It did not leave: the pooled connection was stale or the host has just restarted. One try on a new connection.
        try:
            return parse_envelope(self._send(call))
        except ReplyTimeoutError:
            return self._after_timeout(call)
        except ConnectionBrokenError as broken:
            if broken.sent:
                return self._after_cut(call)
            raise

    def describe(self) -> HostDescription:
        """Return the host's toolkits as of now."""
        return parse_description(self._ask("describe"))

    def cancel(self, call_id: str) -> CallStatus:
        """Interrupt a running call and say what became of it."""
        return parse_status(self._ask("cancel", call_id))

    def status(self, call_id: str) -> CallStatus:
        """Say what the host knows of a call."""
        return parse_status(self._ask("status", call_id))

    def _ask(self, method: str, *arguments: str) -> Reply:
        """Ask something that may be asked twice."""
        try:
            return self._invoke(method, arguments, CONTROL_TIMEOUT_SECONDS)
        except ReplyTimeoutError:
            raise
        except ConnectionBrokenError:
            return self._invoke(method, arguments, CONTROL_TIMEOUT_SECONDS)

    def _send(self, call: GatewayCall) -> Reply:
        arguments: tuple[str, ...] = (call.toolkit, call.tool, call.arguments_json, call.context_json)
        if call.texts:
            arguments += tuple(chain.from_iterable(call.texts.items()))
        timeout_seconds = call.timeout_seconds + GRACE_SECONDS
        return self._invoke(
            "call", arguments, timeout_seconds, call.call_id, repeatable=call.repeatable, left=call.left
        )

    def _after_timeout(self, call: GatewayCall) -> CallOutcome:
        name = _name(call)
        try:
            status = self.cancel(call.call_id)
        except GatewayError:
            return _unclear(call, f"{name} did not answer in time, and the host cannot be asked what became of it.")
        if status.state == "running":  # told to stop, and may need a moment for it
            status = self._await_status(call.call_id, time.monotonic() + STOP_SECONDS) or status
        if status.outcome is not None and (status.state == "done" or not call.repeatable):
            return status.outcome
        late = f"{name} did not answer within {call.timeout_seconds:g} seconds"
        if status.state == "running" and call.repeatable:
            return failure("timeout", f"{late} and did not stop when told to; it does no harm.")
        if status.state == "cancelled" or call.repeatable:
            return failure("timeout", f"{late} and was interrupted.")
        return _unclear(call, f"{late} and did not stop when told to.")

    def _after_refusal(self, call: GatewayCall, error: GatewayError) -> CallOutcome:
        """Find out whether an effect ran that was answered by something that is no outcome."""
        try:
            status = self.status(call.call_id)
        except GatewayError:
            return _unclear(call, str(error))
        if status.outcome is not None:
            return status.outcome
        if status.begun is False:
            raise error
        return _unclear(call, str(error))

    def _after_cut(self, call: GatewayCall) -> CallOutcome:
        """Find out what became of a call whose connection broke after it may have left."""
        patience = READ_RECOVERY_SECONDS if call.repeatable else EFFECT_RECOVERY_SECONDS
        status = self._await_status(call.call_id, time.monotonic() + patience)
        if status is not None and status.outcome is not None:
            return status.outcome
        name = _name(call)
        if call.call_id in self._abandoned:
            self._abandoned.discard(call.call_id)
            return _abandoned(call, status)
        if status is not None and status.state == "cancelled":
            return failure("cancelled", f"{name} was cancelled.")
        if call.repeatable and status is not None and status.state == "unknown":
            return self._repeat(call)
        if status is not None and status.begun is False:
            return self._forbid(call)
        if call.repeatable:
            return failure(
                "unavailable", f"The host went away while {name} ran; try again when it is back.", retryable=True
            )
        return _unclear(call, f"The host went away while {name} ran.")

    def _repeat(self, call: GatewayCall) -> CallOutcome:
        """Run a call that may run twice again, under the same id."""
        try:
            outcome = parse_envelope(self._send(call))
        except GatewayUnavailableError as error:
            outcome = failure("unavailable", str(error), retryable=True)
        return outcome.model_copy(update={"attempts": (CallAttempt(kind="unavailable", message=_CUT_OFF),)})

    def _forbid(self, call: GatewayCall) -> CallOutcome:
        """Make sure that a call of which the host has not heard never begins, also if it is still on its way."""
        try:
            status = self.cancel(call.call_id)
        except GatewayError:
            status = CallStatus(state="unknown")
        if status.state == "running":  # it came at this very moment
            status = self._await_status(call.call_id, time.monotonic() + STOP_SECONDS) or status
        if status.state == "cancelled":
            return failure("unavailable", f"{_name(call)} did not reach the host; nothing was done.", retryable=True)
        return status.outcome or _unclear(call, f"The connection to the host broke while {_name(call)} was sent.")

    def _await_status(self, call_id: str, end: float) -> CallStatus | None:
        """Ask until the host answers with something final, or `end`; None when it never answered."""
        pause, status = 0.02, None
        while not self._closed.is_set():
            try:
                status = self.status(call_id)
            except GatewayUnavailableError:
                status = None
            if (status is not None and status.state != "running") or call_id in self._abandoned:
                return status
            if time.monotonic() >= end:
                return status
            self._closed.wait(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, 0.5)
        return status


def _name(call: GatewayCall) -> str:
    return f"{call.toolkit}.{call.tool}"


def _abandoned(call: GatewayCall, status: CallStatus | None) -> CallOutcome:
    name = _name(call)
    if status is not None and status.state == "cancelled":
        return failure("cancelled", f"{name} was cancelled.")
    if call.repeatable:
        return failure("cancelled", f"Nobody waits for {name} any more; it changes nothing.")
    return _unclear(call, f"{name} did not stop when told to, and nobody waits for it any more.")


def _unclear(call: GatewayCall, message: str) -> CallOutcome:
    if call.repeatable:
        return failure("unavailable", f"{message} It changes nothing, so it may be tried again.", retryable=True)
    return failure("unknown", f"{message} Its effect may or may not have happened; look before you try again.")
