"""Performs one run: gathers what it needs, goes through its rounds, and says how it ended.

Waiting and order are runs.py's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import anyio
import structlog
from sanca.core.errors import BudgetExceededError, ModelError, SancaError
from sanca.core.messages import Message
from sanca.core.ports import SessionStore
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.guard import Guard
from sanca.python_runtime.journal import Journal
from sanca.python_runtime.language import answer_language, sentence
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.rounds import RunState, Verdict, Zone, run_rounds
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.settings import EngineSettings

log = structlog.get_logger()


class Finish(Protocol):
    """Ends a run."""

    async def __call__(self, live: LiveRun, status: RunStatus, *, error: str = "", code: str = "failed") -> None:
        """Give the run its one end."""


class Learns(Protocol):
    """Learns from runs (`Learning`)."""

    async def prepare(self, request: RunRequest) -> None:
        """Have the skills of the one who asks ready."""

    def expect(self, record: RunRecord) -> None:
        """Have what comes next wait a little for this run's lesson; before anybody hears that it is over."""

    def after_run(self, record: RunRecord) -> None:
        """Learn from a run that is over, beside whatever comes next."""


class Remembers(Protocol):
    """What a run does with memory (`RunMemory`)."""

    async def look(self, request: RunRequest) -> RunRequest:
        """Return the request with what its page, or one of some minutes ago, shows."""

    async def masked(self, text: str) -> str:
        """Return a message as it may be kept."""


class RunWork:
    """What every run of this engine is made with."""

    def __init__(
        self,
        zones: Sequence[Zone],
        sessions: SessionStore,
        files: SessionFiles,
        journal: Journal,
        settings: EngineSettings,
        learning: Learns,
        memory: Remembers,
    ) -> None:
        self._zones = zones
        self._sessions = sessions
        self._files = files
        self._journal = journal
        self._settings = settings
        self._learning = learning
        self._memory = memory

    async def perform(self, live: LiveRun, finish: Finish) -> None:
        """Run it to its end; every end is told."""
        finish = partial(self._finish_and_learn, finish)
        try:
            await self._learning.prepare(live.record.request)
            await self._perform(live, finish)
        except BudgetExceededError as error:
            await finish(live, RunStatus.FAILED, error=str(error), code="budget")
        except ModelError as error:
            await finish(live, RunStatus.FAILED, error=f"The model could not be asked: {error}")
        except SancaError as error:
            await finish(live, RunStatus.FAILED, error=str(error))
        except Exception as error:
            log.exception("run_broke")
            sentence_of_ours = f"The engine failed inside ({type(error).__name__}); its log says where."
            await finish(live, RunStatus.FAILED, error=sentence_of_ours)

    async def _finish_and_learn(
        self, finish: Finish, live: LiveRun, status: RunStatus, *, error: str = "", code: str = "failed"
    ) -> None:
        self._learning.expect(live.record)
        try:
            await finish(live, status, error=error, code=code)
        finally:
            self._learning.after_run(live.record)

    async def _perform(self, live: LiveRun, finish: Finish) -> None:
        live.state = state = await self._state(live)
        await run_rounds(state, self._zones)
        await self._keep_answer(state)
        if state.verdict is Verdict.BROKEN:
            await finish(live, RunStatus.FAILED, error=state.error)
        elif state.verdict is Verdict.SPENT:
            await finish(live, RunStatus.FAILED, error=state.error, code="budget")
        else:
            await finish(live, RunStatus.DONE if state.verdict is Verdict.DONE else RunStatus.FAILED)

    async def _state(self, live: LiveRun) -> RunState:
        request = await self._memory.look(live.record.request)
        history = await self._history(request)
        if done := request.already_done:
            language = answer_language(request.message, request.caller.language)
            live.reporter.notice(sentence("continued", language, done=done), code="continued")
            history = [*history, Message(id=f"{request.run_id}-done", role="system", content=done)]
        if name := request.data_file:
            said = f"Structured data came with this message: the JSON file /input/{name}."
            history = [*history, Message(id=f"{request.run_id}-data", role="system", content=said)]
        budgets = self._settings.budgets_for(request.caller.tenant)
        return RunState(
            request=request,
            reporter=live.reporter,
            ask=live.ask_and_wait,
            pass_on=live.pass_on,
            note=partial(self._journal.append, request),
            rounds_max=budgets.rounds_max,
            guard=Guard(budgets),
            history=history,
            files=await self._files.input_names(request.session_id),
        )

    async def _history(self, request: RunRequest) -> list[Message]:
        """Return the session's messages before this one, and keep this one."""
        caller, session_id = request.caller, request.session_id
        history = await self._sessions.messages(
            caller.tenant, caller.user, session_id, limit=self._settings.history_messages
        )
        said = Message(
            id=request.message_id,
            role="assistant" if request.came_by == "agent_reply" else "user",  # a stranger's words are no wish
            content=await self._memory.masked(request.text),
            run_id=request.run_id,
            created_at=_now(),
        )
        await self._sessions.add_message(caller.tenant, caller.user, session_id, said)
        return [message for message in history if message.id != request.message_id]

    async def _keep_answer(self, state: RunState) -> None:
        text = "\n\n".join(part for part in (*state.spoken, state.answer or state.error) if part)
        if not text:
            return
        request = state.request
        with anyio.CancelScope(shield=True):
            answer = Message(
                id=f"msg_{uuid.uuid4().hex}",
                role="assistant",
                content=await self._memory.masked(text),
                run_id=request.run_id,
                created_at=_now(),
            )
            await self._sessions.add_message(request.caller.tenant, request.caller.user, request.session_id, answer)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
