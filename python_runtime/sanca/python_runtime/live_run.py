"""A run while it is in memory: its log, its state, and the waiting for a person.

When it runs is the queue's business (runs.py).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import anyio
from sanca.python_runtime.asks import Answer, Ask
from sanca.python_runtime.events import EventLog
from sanca.python_runtime.expression.evidence import evidence_of
from sanca.python_runtime.expression.page_link import PageLink
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.rounds import CallFact, RunState
from sanca.python_runtime.run_record import RunRecord, RunStatus

_SHOW_CALLS_SECONDS = 0.15

Deliver = Callable[[Ask, Answer], Awaitable[None]]
"""Hands an answer to who waits for it."""


class LiveRun:
    """One run in this engine's memory, from intake to its end."""

    def __init__(
        self,
        record: RunRecord,
        log: EventLog,
        save: Callable[[RunRecord], Awaitable[None]],
        *,
        shows_state: bool = True,
    ) -> None:
        """Take what it is made of; `shows_state`: whether its state is worth telling: one call has none."""
        self.record = record
        self.log = log
        self.reporter = RunReporter(record.request, log, shows_state=shows_state)
        self.page = PageLink(record.request, self.reporter)
        self.said: dict[str, int] = {}
        """Message ids of `say` → their place in what was spoken."""
        self.state: RunState | None = None
        self.scope = anyio.CancelScope()
        self.is_started = False
        self.is_stopping = False
        """Whether it is being ended from outside; how its action ends does not count any more."""
        self.is_over = False
        """Whether its end was decided; nothing else may end it, and nothing leaves after."""
        self.cards_shown = self.cards_chars = self.said_chars = 0
        self.stopped = anyio.Event()
        """Its task has ended, and with it the sandbox worker's round."""
        self._save = save
        self._rested = anyio.Event()
        self._shown: tuple[Ask, Deliver] | None = None
        self._answer: Answer | None = None
        self._unshown: deque[tuple[Ask, Deliver]] = deque()
        self._began_at = 0.0
        self._calls_shown_at = 0.0
        self._calls_timer: asyncio.TimerHandle | None = None

    # -- the legs of a run --------------------------------------------------------------------------------------------

    @property
    def rested(self) -> anyio.Event:
        """The end of the leg that begins now: the run waits for a person or is over. An answer begins another leg."""
        return self._rested

    async def begin(self) -> None:
        """Mark the run as running."""
        self.is_started = True
        self._began_at = time.monotonic()
        await self.set_status(RunStatus.RUNNING)

    async def pass_on(self) -> None:
        """Go on, unless the run is being stopped: then wait for the end, which is near, and change nothing more."""
        if self.is_stopping:
            await anyio.sleep_forever()

    async def set_status(self, status: RunStatus) -> None:
        """Change where the run stands, and write it down."""
        self.record.status = status
        await self._save(self.record)

    async def keep(self) -> None:
        """Write down how the run stands."""
        await self._save(self.record)

    def rest(self) -> None:
        """End the leg that waits for this run."""
        self._rested.set()

    # -- asking a person ----------------------------------------------------------------------------------------------

    @property
    def waiting_for(self) -> Ask | None:
        """What a person is asked now."""
        return self._shown[0] if self._shown else None

    async def show_ask(self, ask: Ask, deliver: Deliver) -> None:
        """Ask a person: the AG-UI run ends with an interrupt and the leg is over. A further ask waits for its turn."""
        if self._shown is not None:
            self._unshown.append((ask, deliver))
            return
        self._shown = (ask, deliver)
        self.reporter.activity("sanca-approval", f"approval-{ask.id}", ask.activity("asked"))
        if self.state is not None and self.state.rounds:
            self.state.round.status = "waiting"
            self.state.show_round()
        self.note_progress()
        self.record.status = RunStatus.NEEDS_INPUT
        self._rested.set()  # before anybody can see the question: the answer begins a new leg
        self.reporter.run_interrupted_for(self.record, [ask.interrupt()])
        await self._save(self.record)

    async def ask_and_wait(self, ask: Ask) -> Answer:
        """Ask a person a question of the engine's own and wait for the answer."""
        answered = anyio.Event()
        answers: list[Answer] = []

        async def take(_: Ask, answer: Answer) -> None:
            answers.append(answer)
            answered.set()

        await self.show_ask(ask, take)
        await answered.wait()
        return answers[0]

    def take_answer(self, answer: Answer, agui_run_id: str) -> None:
        """Take the answer to what is asked now and show it; `go_on` delivers it when the next leg has its turn."""
        ask = self._shown[0] if self._shown else None
        if ask is None or self._answer is not None:
            return
        self._answer = answer
        self._rested = anyio.Event()
        self.reporter.run_started(agui_run_id, with_message=False)
        state = "approved" if answer.approved else "denied"
        content = ask.activity(state, answered_by=answer.by, reason=answer.reason)
        self.reporter.activity("sanca-approval", f"approval-{ask.id}", content)

    @property
    def has_answer(self) -> bool:
        """Whether an answer waits for its leg."""
        return self._answer is not None

    async def go_on(self) -> None:
        """Deliver the answer, and ask the next thing when one waits for its turn."""
        if self._shown is None or self._answer is None:
            return
        (ask, deliver), answer = self._shown, self._answer
        self._shown = self._answer = None
        await self.set_status(RunStatus.RUNNING)
        if self.state is not None and self.state.rounds:
            self.state.guard.heard(self.state)
            self.state.round.status = "running"
            self.state.show_round()
        await deliver(ask, answer)
        if self._unshown:
            await self.show_ask(*self._unshown.popleft())

    def close_round(self, status: RunStatus) -> None:
        """Show a round that was cut off as what it is now; one that ended stays as it is."""
        self.page.close()
        if self.state is None or not self.state.rounds:
            return
        if self.state.round.status in {"planning", "running", "waiting"} and self.log.is_open:
            cut = status in {RunStatus.CANCELLED, RunStatus.INTERRUPTED}
            self.state.round.status = status.value if cut else "error"
            self.state.show_round()

    def withdraw_ask(self) -> None:
        """Show what was asked as cancelled: the run ends without an answer."""
        if self._shown is None:
            return
        if not self.log.is_open:
            self.reporter.run_started(f"{self.record.run_id}.{self.record.legs + 1}", with_message=False)
        ask = self._shown[0]
        self._shown = None
        self._unshown.clear()
        self.reporter.activity("sanca-approval", f"approval-{ask.id}", ask.activity("cancelled"))

    # -- facts of a run -----------------------------------------------------------------------------------------------

    def note_call(self, fact: CallFact) -> None:
        """Note a tool call, or how it stands now; many at once are shown together."""
        if self.state is None or not self.state.rounds:
            return
        round_ = next((one for one in self.state.rounds if fact.call_id in one.calls), self.state.round)
        round_.calls[fact.call_id] = fact
        self._show_calls_soon()

    def note_more_calls(self, name: str, count: int) -> None:
        """Count reads that ended well, of so many that they are not noted singly."""
        if self.state is not None and self.state.rounds:
            self.state.round.more_calls[name] += count
            self._show_calls_soon()

    def _show_calls_soon(self) -> None:
        if self._calls_timer is None:
            wait = max(0.0, self._calls_shown_at + _SHOW_CALLS_SECONDS - time.monotonic())
            self._calls_timer = asyncio.get_running_loop().call_later(wait, self._show_calls)

    def _show_calls(self) -> None:
        self._calls_timer = None
        self._calls_shown_at = time.monotonic()
        if self.state is not None and not self.is_over and self._shown is None:
            self.state.show_round()

    def note_progress(self) -> None:
        """Copy what the run knows into its record."""
        record, state = self.record, self.state
        if self._began_at:
            record.seconds = time.monotonic() - self._began_at
        if state is None:
            return
        record.answer = state.answer
        record.calls = state.calls_total
        record.rounds = len(state.rounds)
        record.usage = list(state.usage)
        record.cards = list(state.cards)
        record.output_ids = list(state.file_ids)
        record.evidence = evidence_of(state)
        record.skill = next((one.skill.skill for one in state.rounds if one.skill), "")
