"""The engine as an object: five lines of Python run a message.

What embeds it and what serves it use this same class.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sanca.core.errors import RunError
from sanca.core.home import ensure_home, find_home
from sanca.core.ids import RunId, SessionId, new_run_id, new_session_id, new_trace_id
from sanca.core.messages import Caller, Usage
from sanca.core.ports import Model
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.events import EventLog, LoggedEvent
from sanca.python_runtime.files import check_session_id
from sanca.python_runtime.lifecycle import EngineLock
from sanca.python_runtime.refusals import BadRequestError, NotFoundError
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.sandbox.ports import ActionResult

if TYPE_CHECKING:
    from sanca.python_runtime.parts import Parts

LOCAL = Caller(user="local", channel="cli", rights=("*",))
"""Who asks when nobody says: the person at this machine."""


@dataclass(frozen=True)
class RunResult:
    """What became of a message."""

    run_id: str
    session_id: str
    status: str
    """done, failed, cancelled, interrupted or needs_input."""
    answer: str
    error: str = ""
    cards: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    rounds: int = 0
    skill: str = ""
    seconds: float = 0.0
    usage: list[Usage] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)
    """The calls that the answer rests on: `{"calls": [{call_id, name, about, effect}], "more": n}`."""
    interrupts: list[dict[str, Any]] = field(default_factory=list)
    """What a person is asked, when the status is needs_input; answer by `Engine.answer`."""


class Engine:
    """An engine of its own: `async with Engine() as engine`. One open engine in a process and state folder at a time.

    Args:
        home: The state folder; by default `SANCA_HOME`, else the nearest `.sanca`, else `~/.sanca`.
        model: A model to use instead of the configured one.
        toolkits: `module:factory` of further toolkits (`(home) -> list[Toolkit]`), besides the entry points and the
            files of `<home>/toolkits`.
        lock: The state folder's lock, when the caller holds it already.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        model: Model | None = None,
        toolkits: Sequence[str] = (),
        lock: EngineLock | None = None,
    ) -> None:
        self.home = ensure_home(Path(home).expanduser().absolute() if home else find_home())
        self._model = model
        self._toolkits = tuple(toolkits)
        self._lock = lock or EngineLock(self.home)
        self._stack = AsyncExitStack()
        self._parts: Parts | None = None

    async def __aenter__(self) -> Engine:
        """Open it.

        Raises:
            SancaError: It cannot be opened; says what mends it.
        """
        from sanca.python_runtime.wiring import open_parts

        if not self._lock.is_held:
            self._lock.acquire()
            self._stack.callback(self._lock.release)
        try:
            opened = open_parts(self.home, model=self._model, toolkits=self._toolkits)
            self._parts = await self._stack.enter_async_context(opened)
        except BaseException as error:
            await self._stack.aclose()
            raise only_error(error) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; runs under way are marked interrupted. What the block raised comes out as it was raised."""
        self._parts = None
        try:
            await self._stack.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            if only_error(group) is not error:
                raise

    @property
    def parts(self) -> Parts:
        """The open parts.

        Raises:
            RunError: It is not open.
        """
        if self._parts is None:
            raise RunError("The engine is not open; use `async with Engine() as engine`.")
        return self._parts

    # -- for who embeds it --------------------------------------------------------------------------------------------

    async def run(self, message: str, *, session_id: str = "", caller: Caller = LOCAL) -> RunResult:
        """Answer a message; returns when the run is over or waits for a person."""
        log = await self.start(self.request(session_id, caller, message=message))
        return await self._result(log, caller)

    async def stream(
        self, message: str, *, session_id: str = "", caller: Caller = LOCAL
    ) -> AsyncIterator[dict[str, Any]]:
        """Answer a message; yields the run's AG-UI events until it is over or waits for a person."""
        log = await self.start(self.request(session_id, caller, message=message))
        async for event in log.follow(until="first_end"):
            yield json.loads(event.json)

    async def execute(self, code: str, *, session_id: str = "", caller: Caller = LOCAL) -> ActionResult:
        """Run an action of one's own in the sandbox, by default in a fresh session; its calls pass the same gate.

        An action that asks a person is refused: nobody is there to answer.
        """
        request = self.request(session_id, caller, action_code=code)
        log = await self.start(request)
        live = self.parts.runs.live(request.run_id)
        async for _ in log.follow(until="first_end"):
            pass
        record = await self.parts.runs.get(caller, request.run_id)
        if record.status is RunStatus.NEEDS_INPUT:
            await self.parts.runs.cancel(caller, request.run_id)
            return ActionResult(status="refused", error="The action asks a person, and nobody can answer here.")
        state = live.state if live else None
        found = state.rounds[-1].result if state and state.rounds else None
        last = state.rounds[-1] if state and state.rounds else None
        return found or ActionResult(
            status="error",
            error=last.observation if last else record.error,
            error_type=last.error_type if last else None,
        )

    async def answer(
        self, interrupt_id: str, *, approved: bool, reason: str = "", value: Any = None, caller: Caller = LOCAL
    ) -> RunResult:
        """Answer what a run asks; returns when it is over or asks the next thing.

        Raises:
            NotWaitingError: Nothing waits under that id.
        """
        answer = Answer(approved=approved, reason=reason, value=value, by=caller.user)
        log, after = await self.answer_interrupt(caller, "", interrupt_id, answer)
        return await self._result(log, caller, after)

    async def cancel(self, run_id: str, *, caller: Caller = LOCAL) -> RunRecord:
        """Stop a run for good; nothing of it leaves afterwards."""
        return await self.parts.runs.cancel(caller, run_id)

    # -- for doors ----------------------------------------------------------------------------------------------------

    def request(
        self,
        session_id: str,
        caller: Caller,
        *,
        message: str = "",
        action_code: str = "",
        run_id: str = "",
        **rest: Any,
    ) -> RunRequest:
        """Make a request, with ids where none are given.

        Raises:
            BadRequestError: The message or the code is empty or too long.
        """
        settings = self.parts.settings
        if len(message) > settings.message_chars or len(action_code) > settings.code_chars:
            limit = settings.code_chars if action_code else settings.message_chars
            raise BadRequestError(f"The {'action' if action_code else 'message'} is longer than {limit:,} characters.")
        if not (message.strip() or action_code.strip() or rest.get("click") or rest.get("continue_run_id")):
            raise BadRequestError("The message is empty.")
        run = RunId(run_id or new_run_id())
        rest["agui_run_id"] = rest.get("agui_run_id") or run
        rest["message_id"] = rest.get("message_id") or _id()
        traced = caller if caller.trace_id else caller.model_copy(update={"trace_id": new_trace_id()})
        return RunRequest(
            run_id=run,
            session_id=SessionId(check_session_id(session_id) if session_id else new_session_id()),
            caller=traced,
            message=message,
            action_code=action_code,
            **rest,
        )

    async def start(self, request: RunRequest) -> EventLog:
        """Take a run in; returns its log. Idempotent by run id.

        Raises:
            RefusedError: The session, or the run to go on with, is not the caller's, or the run is not over.
        """
        if request.continue_run_id:
            request = await self.parts.history.resolve(request)
        return await self.parts.runs.start(request)

    async def attach_run(self, caller: Caller, run_id: str, after: int) -> AsyncIterator[LoggedEvent]:
        """Yield a run's events after a number, until its AG-UI run under way ends."""
        record = await self.parts.runs.get(caller, run_id)
        log = await self.parts.runs.log_of(record)
        async for event in log.follow(after):
            yield event

    async def attach_session(
        self, caller: Caller, session_id: str, after_run_id: str = "", after_seq: int = 0
    ) -> AsyncIterator[tuple[str, LoggedEvent]]:
        """Yield run id and event of a session's runs in order, or those after one event, until nothing is under way.

        A run that is held behind another's question is in a whole replay only, with number 0: its events come again.

        Raises:
            NotFoundError: There is no such run in this session of the caller.
        """
        runs = self.parts.runs
        first = await self._place_in_session(caller, session_id, after_run_id) if after_run_id else 0
        done: set[str] = set()
        while True:
            shown = await runs.of_session(caller, session_id)
            records = [one for one in shown if one.session_sequence >= first and one.run_id not in done]
            if not records:
                return
            for record in records:
                done.add(record.run_id)
                is_named = record.run_id == after_run_id
                held = record.status is RunStatus.HELD and runs.someone_waits_in(session_id) and not is_named
                if held and after_run_id:
                    continue
                log = await runs.log_of(record)
                async for event in log.follow(after_seq if is_named else 0, until="now" if held else "current_end"):
                    yield record.run_id, event._replace(seq=0) if held else event

    async def _place_in_session(self, caller: Caller, session_id: str, run_id: str) -> int:
        record = await self.parts.runs.get(caller, run_id)
        if record.session_id != session_id:
            raise NotFoundError(f"There is no run {run_id!r} in the session {session_id!r}.")
        return record.session_sequence

    async def answer_interrupt(
        self, caller: Caller, run_id: str, interrupt_id: str, answer: Answer, agui_run_id: str = ""
    ) -> tuple[EventLog, int]:
        """Take an answer; returns the run's log and the number after which the events that follow begin."""
        runs = self.parts.runs
        found = run_id or runs.find_waiting(interrupt_id)
        after = await runs.answer(caller, found, interrupt_id, answer, agui_run_id)
        return await runs.log_of(await runs.get(caller, found)), after

    async def _result(self, log: EventLog, caller: Caller, after: int = 0) -> RunResult:
        last: Mapping[str, Any] = {}
        async for event in log.follow(after, until="first_end"):
            if event.last:
                last = json.loads(event.json)
        record = await self.parts.runs.get(caller, log.run_id)
        outcome = last.get("outcome") or {}
        return RunResult(
            run_id=record.run_id,
            session_id=record.session_id,
            status=record.status.value,
            answer=record.answer,
            error=record.error,
            cards=record.cards,
            calls=record.calls,
            rounds=record.rounds,
            skill=record.skill,
            seconds=record.seconds,
            usage=record.usage,
            evidence=(last.get("result") or {}).get("evidence", {}),
            interrupts=outcome.get("interrupts", []),
        )


def only_error(error: BaseException) -> BaseException:
    """Return the one error inside nested groups: who opens an engine wants a sentence, not a tree."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _id() -> str:
    return f"msg_{uuid.uuid4().hex}"
