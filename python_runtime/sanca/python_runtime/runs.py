"""The runs of this engine: intake, legs, answers, cancel, and what becomes of runs that an engine's death cut off.

One run a session at a time, in the order of intake. What happens inside a run is run_work.py's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import anyio
import anyio.to_thread
import structlog
from anyio.abc import TaskGroup
from sanca.core.errors import RunError, SancaError
from sanca.core.messages import Caller
from sanca.core.ports import SessionStore
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.call_words import calls_in_words
from sanca.python_runtime.events import EventLog, EventStore
from sanca.python_runtime.language import sentence
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.past_activities import close_stored_activities
from sanca.python_runtime.refusals import NotFoundError, NotWaitingError
from sanca.python_runtime.run_queue import RunQueue
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.run_store import RunStore

log = structlog.get_logger()

_TITLE_CHARS = 80


Work = Callable[[LiveRun], Awaitable[None]]
"""Performs a run and ends it."""


class Gate(Protocol):
    """The broker's part in a run's life."""

    async def open_run(self, request: RunRequest) -> None:
        """Let the run's calls through, as this caller's."""

    async def close_gate(self, run_id: str) -> None:
        """Let no further call of the run through; calls under way are cancelled.

        Returns when all call records were told.
        """

    async def close_run(self, run_id: str) -> None:
        """Forget the run; returns when all call records were told."""


class Runs:
    """The queue of runs. Open once; everything from the engine's event loop."""

    def __init__(
        self,
        *,
        store: RunStore,
        queue: RunQueue,
        sessions: SessionStore,
        gate: Gate,
        journal: Callable[[RunRequest], EventStore],
        engine_id: str,
        mask: Callable[[str], str],
    ) -> None:
        self._store = store
        self._queue = queue
        self._sessions = sessions
        self._gate = gate
        self._journal = journal
        self._engine_id = engine_id
        self._mask = mask
        self._intake = anyio.Lock()
        self._live: dict[str, LiveRun] = {}
        self._tasks: TaskGroup | None = None
        self._work: Callable[[LiveRun], Awaitable[None]] | None = None
        self._is_closing = False

    async def open(self, tasks: TaskGroup, work: Callable[[LiveRun], Awaitable[None]]) -> None:
        """Start consuming; `work` performs a run and ends it by `end`."""
        self._tasks = tasks
        self._work = work
        await self._queue.open(self._run_leg)

    async def wind_down(self) -> None:
        """Begin nothing more, and end what has begun as interrupted."""
        self._is_closing = True
        await self.cut_off("stopping")

    async def close(self) -> None:
        """Stop consuming, after `wind_down`; what waits in the queue stays there for the next start."""
        for live in self._live.values():
            live.rest()
        await self._queue.close()

    async def cut_off(self, why: str) -> None:
        """End all runs that have begun as interrupted, each with what it did.

        `why` is a key of the engine's sentences.
        """
        for live in [one for one in self._live.values() if one.is_started and not one.is_over]:
            await self._stop(live)
            language = live.state.language if live.state else "en"
            done = sentence(why, language) + calls_in_words(live.state, language)
            live.reporter.notice(done, level="warning", code="interrupted")
            await self.finish(live, RunStatus.INTERRUPTED, error=done, code="interrupted", releases=False)

    # -- intake -------------------------------------------------------------------------------------------------------

    async def start(self, request: RunRequest) -> EventLog:
        """Take a run in and return its log; an id that exists returns the log of the run that exists.

        Raises:
            NotFoundError: The session or the run is another user's.
        """
        async with self._intake:
            if existing := await self._store.get(request.run_id):
                _check_owner(existing, request.caller, "run", request.run_id)
                return await self.log_of(existing)
            await self._open_session(request)
            waits = self.someone_waits_in(request.session_id)
            status = RunStatus.HELD if waits else RunStatus.QUEUED
            record = await self._store.add(RunRecord(request=request, status=status, engine_id=self._engine_id))
            live = LiveRun(record, EventLog(request.run_id, self._journal(request)), self._store.save)
            self._live[request.run_id] = live
            live.reporter.run_started()
        if status is RunStatus.QUEUED:
            await self._put(live)
        return live.log

    async def _open_session(self, request: RunRequest) -> None:
        caller, session_id = request.caller, request.session_id
        owns = await self._sessions.owns_session(caller.tenant, caller.user, session_id)
        if not owns and await self._sessions.session_exists(session_id):
            raise NotFoundError(f"There is no session {session_id!r} of yours.")
        said = await anyio.to_thread.run_sync(self._mask, request.action_code or request.text)
        title = " ".join(said.split())[:_TITLE_CHARS]
        await self._sessions.touch_session(caller.tenant, caller.user, session_id, title=title)
        if request.replaces_message_id:
            await self._replace_from(request)

    async def _replace_from(self, request: RunRequest) -> None:
        caller, message_id = request.caller, request.replaces_message_id
        await self._sessions.drop_messages_from(caller.tenant, caller.user, request.session_id, message_id)
        records = await self._store.of_session(caller, request.session_id)
        first = next((one.session_sequence for one in records if one.request.message_id == message_id), None)
        for record in records:
            if first is not None and record.session_sequence >= first:
                current = self._live[record.run_id].record if record.run_id in self._live else record
                current.replaced = True
                await self._store.save(current)

    async def _put(self, live: LiveRun) -> None:
        record = live.record
        record.legs += 1
        await self._store.save(record)
        priority = record.session_sequence
        await self._queue.put(record.run_id, record.legs, session_id=record.session_id, priority=priority)

    # -- legs ---------------------------------------------------------------------------------------------------------

    async def _run_leg(self, run_id: str, leg: int) -> None:
        """Hold the session's place until the run rests; a leg of an earlier time has nothing to do."""
        live = self._live.get(run_id)
        if live is None or live.is_over or live.record.legs != leg or self._is_closing:
            return  # when closing it stays queued, for the next engine
        rested = live.rested  # now: going on may ask the next thing, and its answer begin a leg of its own
        if live.has_answer:
            await live.go_on()
        elif self.someone_waits_in(live.record.session_id):
            await live.set_status(RunStatus.HELD)
            return
        elif not live.is_started:
            await self._begin(live)
        await rested.wait()

    async def _begin(self, live: LiveRun) -> None:
        live.record.engine_id = self._engine_id
        try:
            await self._gate.open_run(live.record.request)
        except SancaError as error:
            await self.finish(live, RunStatus.FAILED, error=str(error))
            return
        await live.begin()
        self._start_task(live)

    def _start_task(self, live: LiveRun) -> None:
        if self._tasks is None or self._work is None:
            raise RunError("The engine is not open.")
        self._tasks.start_soon(self._work_to_the_end, live, self._work)

    async def _work_to_the_end(self, live: LiveRun, work: Callable[[LiveRun], Awaitable[None]]) -> None:
        request = live.record.request
        structlog.contextvars.bind_contextvars(
            run_id=request.run_id, session_id=request.session_id, trace_id=request.caller.trace_id
        )
        try:
            with live.scope:
                await work(live)
        finally:
            live.stopped.set()

    def someone_waits_in(self, session_id: str) -> bool:
        """Whether a run of the session waits for a person; others are held until then."""
        return any(live.waiting_for is not None for live in self._live.values() if live.record.session_id == session_id)

    # -- one call, beside the line of its session ---------------------------------------------------------------------

    async def start_at_once(
        self, request: RunRequest, work: Work, save: Callable[[RunRecord], Awaitable[None]], *, opens_session: bool
    ) -> LiveRun:
        """Begin a run that is only one call and waits for no other; who gives `work` opens and closes its gate.

        Args:
            request: Of a new run.
            work: Performs it and ends it, by `finish` or `end_at_once`.
            save: Writes the record; the run is in no store before that.
            opens_session: Whether to check whose the session is, and to make it.

        Raises:
            NotFoundError: The session is another user's.
        """
        if opens_session:
            await self._open_session(request)
        record = RunRecord(request=request, status=RunStatus.RUNNING, engine_id=self._engine_id)
        live = LiveRun(record, EventLog(request.run_id, self._journal(request)), save, shows_state=False)
        self._live[request.run_id] = live
        live.reporter.run_started()
        await live.begin()
        self.in_background(self._work_to_the_end, live, work)
        return live

    def end_at_once(self, live: LiveRun, status: RunStatus, error: str = "") -> None:
        """End such a run that asked nobody anything; waits for no disk. It is in memory until `forget`."""
        live.is_over = True
        live.note_progress()
        live.record.status, live.record.error = status, error
        if error:
            live.reporter.run_failed(error, "failed")
        else:
            live.reporter.run_finished(live.record)
        live.record.last_seq = live.log.last_seq
        live.rest()

    def forget(self, run_id: str) -> None:
        """Keep a run in memory no more; its record is written."""
        self._live.pop(run_id, None)

    def in_background(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        """Do something for as long as the engine is open.

        Raises:
            RunError: It is not.
        """
        if self._tasks is None or self._is_closing:
            raise RunError("The engine is stopping; try again in a moment.")
        self._tasks.start_soon(work, *arguments)

    # -- ends ---------------------------------------------------------------------------------------------------------

    async def end(self, live: LiveRun, status: RunStatus, *, error: str = "", code: str = "failed") -> None:
        """End a run that came to its end by itself; one that is being stopped is ended by who stops it."""
        if not live.is_stopping:
            await self.finish(live, status, error=error, code=code)

    async def finish(
        self, live: LiveRun, status: RunStatus, *, error: str = "", code: str = "failed", releases: bool = True
    ) -> None:
        """End a run: one terminal event, its record written, its session's place free. Only the first end counts."""
        if live.is_over:
            return
        live.is_over = True
        with anyio.CancelScope(shield=True):
            await self._finish(live, status, error, code)
        if releases:
            await self._release_held(live.record.session_id)

    async def _finish(self, live: LiveRun, status: RunStatus, error: str, code: str) -> None:
        await self._gate.close_run(live.record.run_id)
        live.withdraw_ask()
        live.close_round(status)
        live.note_progress()
        live.record.status, live.record.error = status, error
        if status is RunStatus.CANCELLED:
            live.reporter.run_cancelled(live.record)
        elif error:
            live.reporter.run_failed(error, code)
        else:
            live.reporter.run_finished(live.record)
        live.record.last_seq = live.log.last_seq
        await live.keep()
        live.rest()
        await live.log.flush()
        self._live.pop(live.record.run_id, None)
        log.info("run_finished", status=status, seconds=round(live.record.seconds, 3), calls=live.record.calls)

    async def _release_held(self, session_id: str) -> None:
        held = [one for one in self._live.values() if one.record.session_id == session_id]
        for live in sorted(held, key=lambda one: one.record.session_sequence):
            if live.record.status is RunStatus.HELD:
                live.record.status = RunStatus.QUEUED
                await self._put(live)

    async def cancel(self, caller: Caller, run_id: str) -> RunRecord:
        """Stop a run for good: gate closed, queue entry cancelled, sandbox worker killed; nothing leaves after."""
        record = await self.get(caller, run_id)
        live = self._live.get(run_id)
        if live is None:
            return record
        await self._stop(live)
        await self.finish(live, RunStatus.CANCELLED)
        return live.record

    async def _stop(self, live: LiveRun) -> None:
        live.is_stopping = True
        await self._gate.close_gate(live.record.run_id)
        if live.record.legs:
            await self._queue.cancel(live.record.run_id, live.record.legs)
        if live.is_started:
            live.scope.cancel()
            await live.stopped.wait()

    async def answer(self, caller: Caller, run_id: str, interrupt_id: str, answer: Answer, agui_run_id: str) -> int:
        """Take a person's answer to what a run waits for.

        Returns:
            The number of the last event before those that follow.

        Raises:
            NotWaitingError: Nothing waits under that id, or it is answered already.
        """
        live = self._waiting(caller, run_id, interrupt_id)
        before = live.log.last_seq
        live.take_answer(answer, agui_run_id or f"{live.record.run_id}.{live.record.legs + 1}")
        await self._put(live)
        return before

    def _waiting(self, caller: Caller, run_id: str, interrupt_id: str) -> LiveRun:
        for live in self._live.values():
            asked = live.waiting_for
            if asked is None or asked.id != interrupt_id or not live.record.belongs_to(caller):
                continue
            if run_id in ("", live.record.run_id) and not live.has_answer and not live.is_over:
                return live
        raise NotWaitingError(f"Nothing waits for an answer under {interrupt_id!r} any more.")

    # -- looking ------------------------------------------------------------------------------------------------------

    def find_waiting(self, interrupt_id: str) -> str:
        """Return the id of the run that asks under that id; empty when none does."""
        asking = (one for one in self._live.values() if one.waiting_for and one.waiting_for.id == interrupt_id)
        return next((one.record.run_id for one in asking), "")

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run that is in memory."""
        return self._live.get(run_id)

    @property
    def count(self) -> int:
        """How many runs are queued, running or waiting."""
        return len(self._live)

    async def get(self, caller: Caller, run_id: str) -> RunRecord:
        """Return a run's record.

        Raises:
            NotFoundError: There is no such run of this caller.
        """
        live = self._live.get(run_id)
        record = live.record if live else await self._store.get(run_id)
        _check_owner(record, caller, "run", run_id)
        assert record is not None  # noqa: S101 - checked above
        return record

    async def of_session(self, caller: Caller, session_id: str) -> list[RunRecord]:
        """Return the session's runs in order."""
        records = await self._store.of_session(caller, session_id)
        return [self._live[one.run_id].record if one.run_id in self._live else one for one in records]

    async def log_of(self, record: RunRecord) -> EventLog:
        """Return a run's log: the live one, or the stored one."""
        if live := self._live.get(record.run_id):
            return live.log
        return await EventLog.restore(record.run_id, self._journal(record.request))

    # -- after a start ------------------------------------------------------------------------------------------------

    async def mark_interrupted(self, tell: Callable[[RunRecord], Awaitable[str]]) -> None:
        """Mark runs that a dead engine was working on as interrupted; before `open`, so that nothing overtakes it.

        Args:
            tell: Says what a run had done.
        """
        for record in await self._store.live():
            if record.status not in (RunStatus.RUNNING, RunStatus.NEEDS_INPUT):
                continue
            live = LiveRun(record, await self.log_of(record), self._store.save)
            live.log.skip(_SEEN_BUT_NOT_STORED)
            if not live.log.is_open:
                live.reporter.run_started(f"{record.run_id}.{record.legs + 1}", with_message=False)
            close_stored_activities(live.log, live.reporter)
            done = await tell(record)
            live.reporter.notice(done, level="warning", code="interrupted")
            await self.finish(live, RunStatus.INTERRUPTED, error=done, code="interrupted", releases=False)

    async def queue_again(self) -> None:
        """Put on the queue what only waited when the last engine stopped, in its order."""
        for record in await self._store.live():
            if record.run_id in self._live:
                continue
            live = LiveRun(record, await self.log_of(record), self._store.save)
            self._live[record.run_id] = live
            if not live.log.is_open:
                live.reporter.run_started()
            live.record.status = RunStatus.QUEUED
            await self._put(live)


_SEEN_BUT_NOT_STORED = 1_000
"""A dead engine may have shown some events that it had not stored yet; their numbers are not given again."""


def _check_owner(record: RunRecord | None, caller: Caller, what: str, name: str) -> None:
    if record is None or not record.belongs_to(caller):
        raise NotFoundError(f"There is no {what} {name!r} of yours.")
