"""One open run in the broker: its call numbers, calls under way, waiting questions, and whether its gate is closed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from sanca.core.errors import ToolDeniedError
from sanca.python_runtime.broker.records import CallRecord, RunContext


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said; `cancelled` when nobody will."""

    approved: bool
    by: str = ""
    reason: str = ""
    value: Any = None
    cancelled: bool = False


class Waiting:
    """A call that waits for a person."""

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self._answered = threading.Event()
        self._lock = threading.Lock()
        self.answer: Answer | None = None

    def give(self, answer: Answer) -> bool:
        """Hand over the answer; the first one counts."""
        with self._lock:
            if self.answer is not None:
                return False
            self.answer = answer
            self._answered.set()
            return True

    def wait(self, timeout_seconds: float) -> Answer:
        """Return the answer; a refusal when none comes in time."""
        self._answered.wait(timeout_seconds)
        self.give(Answer(approved=False, reason="nobody answered in time"))
        assert self.answer is not None  # noqa: S101 - given one line above at the latest
        return self.answer


class UnderWay(Protocol):
    """A call that has left, or is about to."""

    call_id: str

    def cancel(self) -> None:
        """Tell the tool to stop; may block."""

    def abandon(self) -> None:
        """Free the thread that waits for it, whatever the tool does."""


class RunState:
    """Shared by the sandbox session's workers, the engine's own calls and the thread that closes the gate."""

    def __init__(self, context: RunContext, last_call_number: int) -> None:
        self.context = context
        self.who = f"{context.tenant}/{context.user}"
        """For whom calls are made, as one word."""
        self.round = 0
        self.calls = 0
        self.tool_seconds = 0.0
        self.argument_bytes = 0
        self.asked_host = False
        """Whether a call went to the host, which may hold results of it."""
        self._number = last_call_number
        self.asking = threading.Lock()
        """Held while a call of it begins or ends to ask a person."""
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._under_way: dict[str, UnderWay] = {}
        self._waiting: dict[str, Waiting] = {}
        self._cut: dict[str, CallRecord | None] = {}
        self.is_closed = False
        self._context_tail = _context_tail(context)

    def begin_call(self) -> tuple[str, int]:
        """Count one more call and return its id, and the how-manieth of this run it is."""
        with self._lock:
            self._number += 1
            self.calls += 1
            return f"{self.context.run_id}/{self._number}", self.calls

    def count_arguments(self, size_bytes: int) -> int:
        """Count the arguments of a call and return how long those of all calls are together."""
        with self._lock:
            self.argument_bytes += size_bytes
            return self.argument_bytes

    def context_json(self, call_id: str, timeout_seconds: float, approved_by: str | None = None) -> str:
        """Return `sanca.core.tools.CallContext` of a call in JSON."""
        own = orjson.dumps({"call_id": call_id, "timeout_seconds": timeout_seconds, "approved_by": approved_by})
        return own[:-1].decode() + self._context_tail

    def depart(self, call: UnderWay) -> None:
        """Let a call leave; from here on closing the gate finds it.

        Raises:
            ToolDeniedError: The gate is closed.
        """
        with self._lock:
            if self.is_closed:
                raise closed_gate()
            self._under_way[call.call_id] = call

    def arrive(self, call_id: str, seconds: float) -> None:
        """Take note that a call is no longer under way."""
        with self._lock:
            self._under_way.pop(call_id, None)
            self.tool_seconds += seconds

    def spend(self, seconds: float) -> None:
        """Count time in a tool that is still under way."""
        with self._lock:
            self.tool_seconds += seconds

    def settle(self, record: CallRecord) -> None:
        """Tell who closes the gate how a call ended."""
        with self._lock:
            if record.call_id in self._cut:
                self._cut[record.call_id] = record
                self._settled.notify_all()

    def under_way(self, call_id: str) -> UnderWay | None:
        """Return a call that has left and not come back."""
        with self._lock:
            return self._under_way.get(call_id)

    def begin_waiting(self, call_id: str, ask_id: str) -> Waiting:
        """Let a call wait for a person; the answer comes under the question's id.

        Raises:
            ToolDeniedError: The gate is closed.
        """
        with self._lock:
            if self.is_closed:
                raise closed_gate()
            waiting = self._waiting[ask_id] = Waiting(call_id)
            return waiting

    def end_waiting(self, ask_id: str) -> None:
        """Forget that a call waited."""
        with self._lock:
            self._waiting.pop(ask_id, None)

    def answer(self, ask_id: str, answer: Answer) -> bool:
        """Hand a person's answer to the call that waits for it; False when none waits."""
        with self._lock:
            waiting = self._waiting.get(ask_id)
        return waiting is not None and waiting.give(answer)

    def close(self) -> list[UnderWay]:
        """Close the gate for good: nothing departs after this returns. Waiting questions are answered with a cancel.

        Returns:
            The calls that are under way.
        """
        with self._lock:
            self.is_closed = True
            under_way, waiting = list(self._under_way.values()), dict(self._waiting)
            for call_id in [*self._under_way, *(each.call_id for each in waiting.values())]:
                self._cut.setdefault(call_id, None)
        for each in waiting.values():
            each.give(Answer(approved=False, reason="the run was cancelled", cancelled=True))
        return under_way

    def await_settled(self, timeout_seconds: float) -> bool:
        """Wait until every call that closing cut off has ended; False when some has not in time."""
        with self._lock:
            return self._settled.wait_for(lambda: all(self._cut.values()), timeout_seconds)

    def cut_off(self) -> dict[str, CallRecord | None]:
        """Return the calls that closing cut off: how each ended, None for one that still has not."""
        with self._lock:
            return dict(self._cut)


def closed_gate() -> ToolDeniedError:
    """Return the error of a call whose run was cancelled."""
    return ToolDeniedError("The run was cancelled; no further call leaves.")


def _context_tail(context: RunContext) -> str:
    """Return the part of a call's context that is the same for all calls of the run."""
    fixed = {
        "run_id": context.run_id,
        "session_id": context.session_id,
        "tenant": context.tenant,
        "user": context.user,
        "rights": context.rights,
        "channel": context.channel,
        "trace_id": context.trace_id,
        "pages": True,
        "texts": True,
    }
    return "," + orjson.dumps(fixed).decode()[1:]
