"""The planner: asks a model for this round's action or the final answer, and streams what it says. Runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import aclosing

from sanca.core.errors import ModelOutputError
from sanca.core.messages import ModelRequest, Usage
from sanca.core.ports import Model
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.models.reply import ModelReply, extract_action
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.segments import SegmentBuilder

_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:python3?|py)\b", re.MULTILINE)
_HELD_BACK = 24
"""Characters kept until it is sure that no code block begins in them."""


class ModelPlanner:
    """Plans with the general model, when there is one."""

    def __init__(
        self,
        model: Callable[[], Model | None],
        prompts: InferencePromptConfigManager,
        segments: SegmentBuilder,
        *,
        malformed_max: int,
    ) -> None:
        """Take what it plans with.

        Args:
            model: Gives the model, or None.
            prompts: Gives the builder of the request.
            segments: Gathers what goes into the request.
            malformed_max: How many replies of a run may be unusable.
        """
        self._model = model
        self._prompts = prompts
        self._segments = segments
        self._malformed_max = malformed_max

    @property
    def is_available(self) -> bool:
        """Whether a model is configured."""
        return self._model() is not None

    async def plan(self, state: RunState) -> None:
        """Set the round's sub-goal and code, its claim, or why the reply could not be used.

        Raises:
            ModelError: The model refused or cannot be reached.
            ModelOutputError: Too many replies could not be used.
        """
        model = self._model()
        if model is None:
            return
        tenant, scenario = state.request.caller.tenant, self._segments.scenario(state)
        builder = self._prompts.builder("cmd", tenant=tenant, scenario=scenario, model=model.name)
        prompt = builder.assemble(await self._segments.inputs(state))
        state.note("prompt", {"round": state.round.number, "model": model.name, **prompt.note()})
        text = await self._stream(model, prompt.request, state)
        reply = extract_action(text)
        round_ = state.round
        round_.reply, round_.sub_goal = text, reply.thought.splitlines()[0] if reply.thought else ""
        state.note("model_reply", {"round": round_.number, "model": model.name, "reply": text, "extra": round_.extra})
        self._take(reply, state)

    def _take(self, reply: ModelReply, state: RunState) -> None:
        round_ = state.round
        if reply.kind == "action":
            round_.code = reply.code
        elif reply.kind == "answer":
            round_.claim, round_.has_spoken = reply.answer, True
        else:
            round_.status, round_.observation, round_.error = "error", reply.reason, reply.reason
            round_.error_type = ModelOutputError.__name__
            if sum(one.error_type == ModelOutputError.__name__ for one in state.rounds) > self._malformed_max:
                raise ModelOutputError(f"The model's replies could not be used. The last reason: {reply.reason}")

    async def _stream(self, model: Model, request: ModelRequest, state: RunState) -> str:
        """Return the whole reply; the words outside code blocks and the reasoning are shown as they come."""
        round_, speech = state.round, _Speech(state.reporter)
        async with aclosing(model.stream(request)) as deltas:  # type: ignore[type-var] # every client is a generator
            async for delta in deltas:
                speech.think(delta.reasoning)
                speech.say(delta.text)
                round_.extra |= delta.extra
                if delta.usage is not None:
                    self._note_usage(delta.usage, state)
        speech.end()
        return speech.text

    @staticmethod
    def _note_usage(usage: Usage, state: RunState) -> None:
        state.round.usage = usage
        state.usage.append(usage)
        facts = usage.model_dump(include={"model", "input_tokens", "output_tokens", "cost", "currency"})
        state.reporter.custom("sanca.usage", {"run_id": state.request.run_id, "round": state.round.number, **facts})


class _Speech:
    """Shows a reply while it comes: reasoning, and the words up to a block of code."""

    def __init__(self, reporter: RunReporter) -> None:
        self._reasoning = reporter.reasoning()
        self._words = reporter.text()
        self._shown = 0
        self._is_code = False
        self.text = ""

    def think(self, piece: str) -> None:
        if piece:
            self._reasoning.add(piece)

    def say(self, piece: str) -> None:
        if not piece:
            return
        self._reasoning.end()
        self.text += piece
        if not self._is_code:
            self._show(self._end_of_words())

    def end(self) -> None:
        self._reasoning.end()
        if not self._is_code:
            self._show(len(self.text))
        self._words.end()

    def _end_of_words(self) -> int:
        if block := _FENCE.search(self.text):
            self._is_code = True
            return block.start()
        if self.text.lstrip().startswith("<think"):  # thinking aloud in the text is not for the person
            closed = self.text.rfind("</think")
            if closed < 0:
                return self._shown
            self._shown = max(self._shown, self.text.find(">", closed) + 1)
        return max(self._shown, len(self.text) - _HELD_BACK)

    def _show(self, end: int) -> None:
        if end > self._shown:
            self._words.add(self.text[self._shown : end])
            self._shown = end
