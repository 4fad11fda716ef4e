"""What a run says in its last round, when it may use no tools any more: what was done, what was found, what is open.

A model may word it; what it says is checked like any claim, and without one the facts are listed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sanca.core.messages import ModelRequest
from sanca.core.ports import Model
from sanca.python_runtime.language import sentence
from sanca.python_runtime.models.reply import extract_action
from sanca.python_runtime.rounds import CallFact, GoalStatus, RunState
from sanca.python_runtime.side_questions import ask_aside

_EFFECTS = {"WRITE", "DESTRUCTIVE"}
_LINES = 8
_LINE_CHARS = 200

SummaryRequest = Callable[[RunState, Model], Awaitable[ModelRequest]]
"""Builds what a model is asked for the last words."""
Doubts = Callable[[str, RunState], Awaitable[Sequence[object]]]
"""Says what the journal holds against a text."""


class LastWords:
    """Sums a run up."""

    def __init__(
        self,
        model: Callable[[], Model | None],
        request: SummaryRequest,
        doubts: Doubts,
        *,
        limit_seconds: float,
    ) -> None:
        """Take whom it asks.

        Args:
            model: Gives the model, or None.
            request: Builds the question.
            doubts: Says what the journal holds against a text; a text with any is not used.
            limit_seconds: What the model may take.
        """
        self._model = model
        self._request = request
        self._doubts = doubts
        self._limit_seconds = limit_seconds

    async def say(self, state: RunState) -> None:
        """Set the round's claim."""
        round_ = state.round
        round_.strategy, round_.status = "summary", "ok"
        round_.sub_goal = state.closing.why if state.closing else ""
        words = await self._worded(state) or facts_in_words(state)
        stopped = sentence("summary_stopped", state.language, why=round_.sub_goal).rstrip()
        round_.claim = f"{stopped}\n\n{words}"
        state.show_round()

    async def _worded(self, state: RunState) -> str:
        used_model = any(one.strategy == "model" for one in state.rounds)
        model = self._model() if used_model else None
        if model is None or self._money_is_spent(state):
            return ""
        request = await self._request(state, model)
        text = await ask_aside(model, request, state, limit_seconds=self._limit_seconds, what="summary")
        reply = extract_action(text)
        if reply.kind != "answer" or not reply.answer.strip() or await self._doubts(reply.answer, state):
            return ""
        return reply.answer.strip()

    @staticmethod
    def _money_is_spent(state: RunState) -> bool:
        """One more question may cost no more than was allowed; of tokens it may take a few."""
        return state.guard.shares(state)["money"] >= 1


def facts_in_words(state: RunState) -> str:
    """Return what the run did, found and left open, as Markdown."""
    language = state.language
    effects = [call for call in state.calls if call.effect in _EFFECTS]
    done = [_call_line(call) for call in effects if call.status == "ok"]
    undone = [f"{_call_line(call)} ({call.status})" for call in effects if call.status != "ok"]
    parts = [
        _listed(sentence("summary_done", language), done or [sentence("summary_nothing_changed", language)]),
        _listed(sentence("summary_not_done", language), undone),
        _listed(sentence("summary_found", language), _found(state)),
        _listed(sentence("summary_open", language), _open(state)),
    ]
    return "\n\n".join(part for part in parts if part)


def _found(state: RunState) -> list[str]:
    found: list[str] = []
    for round_ in state.rounds:
        if round_.status == "ok" and round_.code and round_.observation:
            line = " ".join(round_.observation.split())[:_LINE_CHARS]
            if line not in found:
                found.append(line)
    return found[-_LINES:]


def _open(state: RunState) -> list[str]:
    goals = [
        f"{goal.title}: {goal.reason}" if goal.reason else goal.title
        for goal in state.sub_goals
        if goal.status in {GoalStatus.OPEN, GoalStatus.ACTIVE}
    ]
    goal = state.goal or state.request.message or state.request.text
    whole = [] if goals else [sentence("summary_goal_open", state.language, goal=" ".join(goal.split())[:_LINE_CHARS])]
    error = next((one.error for one in reversed(state.rounds) if one.error), "")
    return [*goals, *whole, *([error] if error else [])]


def _call_line(call: CallFact) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    gave = f" → {call.summary}" if call.summary else ""
    return f"`{call.toolkit}.{call.tool}({arguments})`"[:_LINE_CHARS] + gave[:_LINE_CHARS]


def _listed(title: str, lines: Sequence[str]) -> str:
    more = [f"- … {len(lines) - _LINES}"] if len(lines) > _LINES else []
    return "\n".join([f"**{title}**", *(f"- {line}" for line in lines[:_LINES]), *more]) if lines else ""
