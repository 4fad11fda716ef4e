"""Does tasks as the engine does: its planner and prompts write actions, its check looks at them, its rounds go on.

Sandbox and gate are the runner's. What a run has besides (skills, perception of a portal's page, self-check) is left
out: a set asks what the model does with prompt, actions and observations.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Literal

import anyio.lowlevel
from sanca.core.errors import ModelOutputError
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller, Message
from sanca.core.ports import Model
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.action_check import TyChecker, tell_stops
from sanca.python_runtime.asks import Answer, Ask
from sanca.python_runtime.evaluation.authors import Spent, Turn
from sanca.python_runtime.evaluation.engine_planner import make_planner
from sanca.python_runtime.evaluation.suite import EvaluationTask
from sanca.python_runtime.events import EventLog, LoggedEvent
from sanca.python_runtime.observation import cut_middle, format_observation
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.rounds import Percept, Round, RunState
from sanca.python_runtime.run_record import RunRequest
from sanca.python_runtime.sandbox import ActionResult
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.tool_finder import ToolFinder


class EngineAuthor:
    """A model that writes actions. Close it at the end."""

    def __init__(self, model: Model, *, rounds_most: int) -> None:
        """Take the model, and how many rounds a turn may have."""
        self._model = model
        self._settings = EngineSettings(rounds_max=rounds_most)
        self._toolkits: Sequence[ToolkitDefinition] = ()
        self._checker = TyChecker(limit_seconds=self._settings.type_check_seconds)
        tools = ToolFinder(lambda: self._toolkits)
        self._planner = make_planner(model, tools, self._settings, lambda: self._names)
        self._history: list[Message] = []
        self._names: Mapping[str, str] = {}
        self._state: RunState | None = None
        self._said = ""
        self._counted = 0
        """How many of the run's model calls are in `spent`."""
        self.spent = Spent()

    @property
    def name(self) -> str:
        """The model's name and the mode."""
        return f"{self._model.name} code"

    async def close(self) -> None:
        """End the check's process."""
        await self._checker.close()

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Begin a run with the message, in the task's session."""
        if turn.number == 0:
            self._history, self._names, self._state, self.spent = [], {}, None, Spent()
        if self._state is not None:
            self._history += [_message("user", self._said), _message("assistant", self._state.answer)]
        self._toolkits, self._said = turn.toolkits, turn.message
        parts = (f"Rules:\n{task.rules}\n\nMessage:" if task.rules else "", turn.message, task.answer_form)
        self._state = _new_state("\n\n".join(part for part in parts if part), self._history, self._settings)
        self._counted = 0

    def answer(self) -> str | None:
        """Return the answer that the run ended with."""
        return self._state.answer if self._state else None

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the next action that passes the check; None when the run has its answer or no round left.

        Raises:
            ModelError: The model refused, cannot be reached, or gave too many replies that cannot be used.
        """
        state = self._state
        assert state is not None  # noqa: S101 - `hear` comes first
        if so_far:
            self._take(so_far[-1], state)
            if said := so_far[-1].final_answer:
                state.answer = said
                return None
        while len(state.rounds) < state.rounds_max:
            await self._plan(state)
            round_ = state.round
            if round_.claim is not None:
                state.answer = round_.claim
                return None
            if round_.code and await self._passes_check(round_):
                return round_.code
        return None

    async def _plan(self, state: RunState) -> None:
        """Let the planner set the next round, and count what it cost."""
        state.rounds.append(Round(number=len(state.rounds) + 1, strategy="model"))
        message = state.request.message
        state.round.percept = Percept(text=message, language="en", observation=state.last_observation)
        try:
            await self._planner.plan(state)
        finally:
            for usage in state.usage[self._counted :]:
                self.spent.model_calls += 1
                self.spent.add(usage)
            self._counted = len(state.usage)
            self.spent.malformed += state.round.error_type == ModelOutputError.__name__

    async def _passes_check(self, round_: Round) -> bool:
        """Whether nothing is known that surely fails in the action; else that is its observation.

        One that does not parse passes: the sandbox says so, and nothing of it runs.
        """
        report = await self._checker.check(round_.code, self._toolkits, self._names, is_for_now=True)
        if report.stops:
            round_.status, round_.error_type = "error", report.stops[0].error_type
            round_.observation = cut_middle(tell_stops(round_.code, report), self._settings.observation_chars)
        return not report.stops

    def _take(self, result: ActionResult, state: RunState) -> None:
        """Note what came of the action, as the engine's own motor does."""
        round_ = state.round
        round_.result, round_.status, round_.seconds = result, result.status, result.seconds
        round_.error_type = (result.error_type or "").rpartition(".")[2]
        round_.value = cut_middle(result.value or "", self._settings.observation_chars)
        round_.observation = format_observation(result, self._settings.observation_chars)
        self._names = result.names or {}


def _new_state(message: str, history: Sequence[Message], settings: EngineSettings) -> RunState:
    """Return the state of a run that nobody watches."""
    number = uuid.uuid4().hex
    request = RunRequest(
        run_id=RunId(f"run_{number}"),
        session_id=SessionId(f"ses_{number}"),
        caller=Caller(user="evaluation", channel="api"),
        agui_run_id=number,
        message_id=number,
        message=message,
    )
    return RunState(
        request=request,
        reporter=RunReporter(request, EventLog(request.run_id, _Nowhere())),
        ask=_nobody,
        note=lambda _kind, _data: None,
        pass_on=anyio.lowlevel.checkpoint,
        rounds_max=settings.rounds_max,
        history=tuple(history)[-settings.history_messages :],
    )


def _message(role: Literal["user", "assistant"], content: str) -> Message:
    return Message(id=uuid.uuid4().hex, role=role, content=content)


async def _nobody(ask: Ask) -> Answer:
    """Refuse: no person sits there."""
    return Answer(approved=False, reason="an evaluation has no person to answer", by="evaluation policy")


class _Nowhere:
    """Keeps no events: nobody watches."""

    def append_event(self, event: LoggedEvent) -> None:
        """Let it go."""

    async def read_events(self, after: int) -> Sequence[LoggedEvent]:
        """Return none."""
        return ()

    async def flush(self) -> None:
        """Nothing to wait for."""
