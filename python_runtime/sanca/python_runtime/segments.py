"""Gathers what a prompt is made of from a run's state: its segments' data. Words and sizes are sanca.prompts' own."""

from __future__ import annotations

from datetime import UTC, datetime

from sanca.prompts import EarlierRound, Page, PromptInputs
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.tool_finder import ToolFinder


class SegmentBuilder:
    """Turns a run's state into the inputs of a prompt. Asks no model."""

    def __init__(self, tools: ToolFinder) -> None:
        """Take what tells which tools an action may call now, and which of them a message may need."""
        self._tools = tools

    async def inputs(self, state: RunState) -> PromptInputs:
        """Return everything that the current round's request is made from."""
        page, percept = state.request.page, state.round.percept
        entities = percept.entities if percept else {}
        references = percept.references if percept else {}
        message = percept.text if percept else state.request.text
        caller = state.request.caller
        return PromptInputs(
            message=message,
            language=state.language,
            toolkits=self._tools.shown(caller),
            is_abridged=self._tools.is_abridged,
            tools=await self._tools.for_message(message, caller),
            history=state.history,
            page=Page(**page.model_dump()) if page else None,
            files=state.files,
            environment={
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "user": caller.user,
                **{f"{kind}s": ", ".join(names) for kind, names in entities.items()},
                **{f"{word!r} means": name for word, name in references.items()},
            },
            rounds=[_earlier(one) for one in state.rounds[:-2]] + _last_earlier(state),
            rounds_left=state.rounds_max - len(state.rounds) + 1,
        )


def _earlier(round_: Round) -> EarlierRound:
    return EarlierRound(code=round_.code, observation=round_.observation, reply=round_.reply, extra=round_.extra)


def _last_earlier(state: RunState) -> list[EarlierRound]:
    """Return the round before this one, with what self-check found missing."""
    if len(state.rounds) < 2:
        return []
    last = _earlier(state.rounds[-2])
    percept = state.round.percept
    observation = percept.observation if percept else last.observation
    return [EarlierRound(last.code, observation, last.thought, last.reply, last.extra)]
