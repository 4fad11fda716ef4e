"""A sandbox session's calls: read from its socket, passed to the gate, answered. Trusts nothing that it reads.

One worker reads at a time. A call that says that others may come meanwhile (`c`) is served after the reading was handed
to another worker; any other is served by its reader, which wakes no thread. `MOST_WORKERS` are served at once, and what
comes then stays in the socket. Whatever breaks the rules ends this session and no other.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import structlog
from sanca.core.errors import ConversionError
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.broker import frames
from sanca.python_runtime.broker.call_streams import STREAM_WINDOW, CallStream, Pulled
from sanca.python_runtime.broker.gate import ToolCallGate
from sanca.python_runtime.broker.guest import Guest
from sanca.python_runtime.broker.host_pieces import bytes_of
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.run_state import RunState
from sanca.python_runtime.broker.waited_time import Count, WaitedTime

log = structlog.get_logger(__name__)

MOST_WORKERS = 8
_IDLE_SECONDS = 10.0
_WRITE_SECONDS = 1.0
_CALLS_OVER_BUDGET = 1_000
_QUESTIONS = 50_000
"""Messages of one action that are no calls: each takes our time, and no budget counts them."""
_DESCRIPTION_WEIGHT = 5
_OWN = {"describe", "memory", "ping"}
"""What the broker answers itself; no calls, and not in the journal."""
_UNBOUND = CallError(kind="denied", message="No action is running; calls pass only while one does.").model_dump()
_STREAM_GONE = CallError(kind="cancelled", message="The stream ended with the action that began it.").model_dump()


class SandboxSession:
    """Lives as long as its socket. What a call counts to is what the session is bound to when the call comes."""

    def __init__(
        self,
        session_id: str,
        connected: socket.socket,
        gate: ToolCallGate,
        describe: Callable[[], dict[str, Any]],
        misbehaved: Callable[[str, str], None],
        *,
        unread_seconds: float,
    ) -> None:
        """Serve a socket.

        Args:
            session_id: For the log and for `misbehaved`.
            connected: The broker's end; closed when it has ended.
            gate: Where calls go.
            describe: Returns what actions are told about the toolkits.
            misbehaved: Told the session's id and what its guest did, once, when it broke the rules.
            unread_seconds: How long a guest may leave an answer unread before it counts as one that means harm.
        """
        self.session_id = session_id
        self._socket = connected
        self._gate = gate
        self._describe = describe
        self._misbehaved = misbehaved
        limit = struct.pack("ll", int(unread_seconds), int(unread_seconds % 1 * 1_000_000))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._bound: tuple[RunState, int] | None = None
        self._waited = WaitedTime()
        self._unwritten = Count()
        """Calls that are being answered: their end is not written down yet."""
        self._questions = 0
        self._guest = Guest(connected)
        self._reading, self._state = threading.Lock(), threading.Lock()
        self._workers, self._idle, self._made = 0, 0, 0
        self._is_ended = False
        with self._state:
            self._add_worker()

    def bind(self, run: RunState, round_number: int) -> None:
        """Count calls to this run and round from now on."""
        self._waited.begin()
        self._questions = 0
        self._bound = (run, round_number)

    def unbind(self) -> None:
        """Refuse calls from now on; what the action left open ends, and what was answered is written down."""
        self._bound = None
        self._guest.let_go()
        self._unwritten.wait(_WRITE_SECONDS)

    def await_written(self) -> None:
        """Wait until every call that has been answered is in the journal's queue."""
        self._unwritten.wait(_WRITE_SECONDS)

    def is_bound_to(self, run: RunState) -> bool:
        """Whether calls count to this run."""
        bound = self._bound
        return bound is not None and bound[0] is run

    def waited_seconds(self) -> float:
        """Return how long calls have waited since the last `bind`, running ones included."""
        return self._waited.seconds()

    def close(self) -> None:
        """End the workers; a call under way is not ended, its answer has nowhere to go."""
        self._bound = None
        self._shut()

    @property
    def is_alive(self) -> bool:
        """Whether the socket is still served."""
        return not self._is_ended

    # -- workers -------------------------------------------------------------------------------------------------------

    def _add_worker(self) -> None:
        self._workers, self._made = self._workers + 1, self._made + 1
        name = f"sandbox-{self.session_id[-8:]}-{self._made}"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        reads = False
        try:
            while reads or self._may_read():
                reads = True
                message = frames.receive(self._socket, self._welcome)
                if message is None:
                    self._is_ended = True
                    return
                guest = self._guest
                if "l" in message:
                    self._count_question()
                    if (message := guest.take_long_message(message)) is None:
                        continue
                if message.get("c") is True:
                    reads = False
                    self._let_another_read()
                self._serve(guest, message)
        except frames.FrameError as error:
            self._end(str(error))
        except BlockingIOError:
            self._end("A sandbox leaves its answers unread.")
        except OSError:
            self._is_ended = True  # the sandbox ended while we answered it
        finally:
            self._leave(reads=reads)

    def _may_read(self) -> bool:
        """Wait for the turn to read; False when this worker is not needed any more."""
        with self._state:
            self._idle += 1
        if self._reading.acquire(timeout=_IDLE_SECONDS):
            with self._state:
                self._idle -= 1
            return True
        with self._state:
            self._idle -= 1
            return self._reading.acquire(blocking=False)

    def _let_another_read(self) -> None:
        with self._state:
            self._reading.release()
            if not self._idle and self._workers < MOST_WORKERS:
                self._add_worker()

    def _leave(self, *, reads: bool) -> None:
        if self._is_ended:
            self._shut()
        with self._state:
            self._workers -= 1
            if reads:
                self._reading.release()
            if self._workers:
                return
        self._guest.close()
        self._socket.close()

    def _end(self, reason: str) -> None:
        with self._state:
            is_first, self._is_ended = not self._is_ended, True
        if is_first:
            log.warning("sandbox_misbehaved", sandbox_session_id=self.session_id, reason=reason)
            self._misbehaved(self.session_id, reason)

    def _shut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the sandbox is gone already

    # -- what a guest may send -----------------------------------------------------------------------------------------

    def _welcome(self, number: int) -> None:
        """Serve a new guest: the one before it was killed, and its calls are answered to nobody."""
        self._count_question()
        self._guest = self._guest.successor(number)

    def _serve(self, guest: Guest, message: dict[str, Any]) -> None:
        number = message.get("n")
        if type(number) is not int or number < 0:
            raise frames.FrameError("A sandbox sent a message without a number.")
        if "t" in message:
            self._serve_call(guest, number, message)
            return
        self._count_question()
        if "p" in message:
            self._serve_pull(guest, number, message["p"])
        elif message.get("x") is True:
            guest.close_stream(number)
        elif type(message.get("g")) is bool:
            guest.lend_answer(number, through_memory=message["g"])
        else:
            raise frames.FrameError("A sandbox sent what is neither a call nor about one.")

    def _serve_call(self, guest: Guest, number: int, message: dict[str, Any]) -> None:
        toolkit, tool = message["t"], message.get("f")
        args, kwargs = message.get("a") or [], message.get("k") or {}
        if not (type(toolkit) is str and type(tool) is str and type(args) is list and type(kwargs) is dict):
            raise frames.FrameError("A sandbox sent a call without names.")
        if toolkit == "sanca" and tool in _OWN:
            self._count_question(_DESCRIPTION_WEIGHT if tool == "describe" else 1)
            if tool == "memory":
                guest.lend_memory(number)
            else:
                guest.answer(number, {"n": number, "ok": True, "v": self._describe() if tool == "describe" else None})
            return
        if (bound := self._bound) is None:
            self._count_question()
            guest.answer(number, {"n": number, "ok": False, "e": _UNBOUND})
            return
        run, round_number = bound
        if run.calls > run.context.budget.calls + _CALLS_OVER_BUDGET:
            raise frames.FrameError("A sandbox goes on calling though its budget is used up.")
        guest.begin(number)
        action = self._waited.enter()
        try:
            passed = self._gate.enter(run, round_number, toolkit, tool, args, kwargs)
        finally:
            self._waited.leave(action)
        if isinstance(passed, CallStream):
            guest.open_stream(number, passed)
            return
        with self._unwritten:  # the guest goes on while the call's end is written down
            try:
                self._answer(guest, number, passed)
            finally:
                self._gate.finish(passed)

    def _serve_pull(self, guest: Guest, number: int, most: Any) -> None:
        if type(most) is not int or not 0 < most <= STREAM_WINDOW:
            raise frames.FrameError("A sandbox asked for more items of a stream than it may.")
        if (stream := guest.stream(number)) is None:
            guest.answer(number, {"n": number, "e": _STREAM_GONE})
            return
        action = self._waited.enter()
        try:
            pulled = stream.pull(most)
        finally:
            self._waited.leave(action)
        if pulled is None:
            raise frames.FrameError("A sandbox pulled a stream twice at once.")
        if pulled.is_done:
            guest.forget(number)
        guest.answer_packed(number, _items(number, pulled))

    def _answer(self, guest: Guest, number: int, passed: Passage) -> None:
        guest.forget(number)
        outcome = passed.ended()
        try:
            reply = _reply(outcome)
            if outcome.error is None and passed.entry.gives_bytes:
                reply["v"] = bytes_of(outcome.value)
            guest.answer(number, {"n": number, **reply})
        except ConversionError as error:
            if isinstance(error, frames.FrameError):
                raise
            message = f"{error} Ask for less, or for a part."
            guest.answer(number, {"n": number, "ok": False, "e": _failed(message)})

    def _count_question(self, weight: int = 1) -> None:
        self._questions += weight
        if self._questions > _QUESTIONS:
            raise frames.FrameError("A sandbox floods the broker with questions.")


def _reply(outcome: CallOutcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"ok": False, "e": outcome.error.model_dump()}
    value = outcome.value
    if type(value) is dict and len(value) == 1 and isinstance(card := value.get("card"), dict):
        # The card is on the page now; the action needs no copy of it among its values.
        value = {"shown": card.get("kind"), "surface_id": card.get("surface_id")}
    return {"ok": True, "v": value}


def _failed(message: str) -> dict[str, Any]:
    return CallError(kind="failed", message=message).model_dump()


def _items(number: int, pulled: Pulled) -> bytes:
    """Return a pull's answer; its items are packed already."""
    packer = frames.new_packer()
    end = {"e": pulled.error.model_dump()} if pulled.error is not None else {"d": True} if pulled.is_done else {}
    parts = [packer.pack_map_header(2 + len(end)), packer.pack("n"), packer.pack(number)]
    for key, value in end.items():
        parts += [packer.pack(key), packer.pack(value)]
    parts += [packer.pack("i"), packer.pack_array_header(len(pulled.items)), *pulled.items]
    return b"".join(parts)
