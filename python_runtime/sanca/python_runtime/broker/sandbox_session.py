"""One thread a sandbox session: takes the action's calls from its socket, one by one, and passes them to the gate."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sanca.core.errors import ConversionError
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker import frames
from sanca.python_runtime.broker.gate import ToolCallGate
from sanca.python_runtime.broker.run_state import RunState

log = structlog.get_logger(__name__)

_UNBOUND = CallError(kind="denied", message="No action is running; calls pass only while one does.")


class SandboxSession:
    """Lives as long as its socket. What a call counts to is what the session is bound to when the call comes."""

    def __init__(
        self,
        session_id: str,
        connected: socket.socket,
        gate: ToolCallGate,
        describe: Callable[[], dict[str, Any]],
    ) -> None:
        self.session_id = session_id
        self._socket = connected
        self._gate = gate
        self._describe = describe
        self._bound: tuple[RunState, int] | None = None
        self._waited_seconds = 0.0
        self._waiting_since: float | None = None
        self._thread = threading.Thread(target=self._serve, name=f"sandbox-{session_id[-8:]}", daemon=True)
        self._thread.start()

    def bind(self, run: RunState, round_number: int) -> None:
        """Count calls to this run and round from now on."""
        self._waited_seconds = 0.0
        self._bound = (run, round_number)

    def unbind(self) -> None:
        """Refuse calls from now on."""
        self._bound = None

    def is_bound_to(self, run: RunState) -> bool:
        """Whether calls count to this run."""
        bound = self._bound
        return bound is not None and bound[0] is run

    def waited_seconds(self) -> float:
        """Return how long calls have waited since the last `bind`, a running one included."""
        since = self._waiting_since
        return self._waited_seconds + (time.monotonic() - since if since is not None else 0.0)

    def close(self) -> None:
        """End the thread; a call under way is not ended, its answer has nowhere to go."""
        self._bound = None
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the sandbox is gone already

    @property
    def is_alive(self) -> bool:
        """Whether the socket is still served."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        try:
            while (message := frames.receive(self._socket)) is not None:
                self._waiting_since = begun = time.monotonic()
                reply = self._answer(message)
                self._waiting_since = None
                self._waited_seconds += time.monotonic() - begun
                self._send(message.get("n"), reply)
        except frames.FrameError as error:
            log.warning("sandbox_misbehaved", sandbox_session_id=self.session_id, reason=str(error))
        except OSError:
            pass  # the sandbox ended while we answered it
        finally:
            self._waiting_since = None
            self._socket.close()

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        toolkit, tool = message.get("t"), message.get("f")
        args, kwargs = message.get("a") or [], message.get("k") or {}
        if not (
            isinstance(toolkit, str) and isinstance(tool, str) and isinstance(args, list) and isinstance(kwargs, dict)
        ):
            raise frames.FrameError("A sandbox sent a call without names.")
        if toolkit == "sanca" and tool == "describe":
            return {"ok": True, "v": self._describe()}
        if (bound := self._bound) is None:
            return {"ok": False, "e": _UNBOUND.model_dump()}
        run, round_number = bound
        return _reply(self._gate.call(run, round_number, toolkit, tool, args, kwargs))

    def _send(self, number: Any, reply: dict[str, Any]) -> None:
        number = number if isinstance(number, int) else 0
        try:
            frames.send(self._socket, {"n": number, **reply})
        except ConversionError as error:
            message = f"{error} Ask for less, or for a part."
            frames.send(
                self._socket, {"n": number, "ok": False, "e": CallError(kind="failed", message=message).model_dump()}
            )


def _reply(outcome: CallOutcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"ok": False, "e": outcome.error.model_dump()}
    value = outcome.value
    if isinstance(value, dict) and isinstance(card := value.get("card"), dict) and len(value) == 1:
        # The card is on the page now; the action needs no copy of it among its values.
        value = {"shown": card.get("kind"), "surface_id": card.get("surface_id")}
    return {"ok": True, "v": value}
