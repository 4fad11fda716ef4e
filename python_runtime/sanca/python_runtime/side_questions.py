"""Asks a model something beside the plan: bounded in time, counted in the run's usage, and never the end of a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.core.messages import ModelRequest, PromptMessage
from sanca.core.ports import Model
from sanca.prompts import EarlierRound, InferencePromptConfigManager
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.segments import SegmentBuilder

log = structlog.get_logger()


async def ask_aside(model: Model, request: ModelRequest, state: RunState, *, limit_seconds: float, what: str) -> str:
    """Return the model's whole reply; empty when it failed or took too long. Nothing of it is shown.

    Args:
        model: Whom to ask.
        request: What.
        state: The run; its usage and journal note the call.
        limit_seconds: After that the question is dropped.
        what: What it is for, one word, as the journal names it.
    """
    text = ""
    try:
        with anyio.fail_after(limit_seconds):
            async with aclosing(model.stream(request)) as deltas:  # type: ignore[type-var] # every client is a generator
                async for delta in deltas:
                    text += delta.text
                    if delta.usage is not None:
                        state.usage.append(delta.usage)
                        facts = delta.usage.model_dump(
                            include={"model", "input_tokens", "output_tokens", "cost", "currency"}
                        )
                        told = {"run_id": state.request.run_id, "round": state.round.number, "what": what}
                        state.reporter.custom("sanca.usage", {**told, **facts})
    except (SancaError, TimeoutError) as error:
        log.warning("side_question_failed", what=what, model=model.name, reason=str(error) or type(error).__name__)
        return ""
    state.note("side_question", {"round": state.round.number, "what": what, "model": model.name, "reply": text})
    return text


def plain_request(task: str, content: str, *, limit_seconds: float, output_tokens: int = 1_024) -> ModelRequest:
    """Return a short question: what to do, and the text it is about."""
    return ModelRequest(
        messages=(PromptMessage(role="system", content=task), PromptMessage(role="user", content=content)),
        max_output_tokens=output_tokens,
        timeout_seconds=limit_seconds,
    )


class SidePrompts:
    """Builds the questions beside the plan from a run's own segments, by the configuration of its tenant."""

    def __init__(self, prompts: InferencePromptConfigManager, segments: SegmentBuilder) -> None:
        self._prompts = prompts
        self._segments = segments

    async def summary(self, state: RunState, model: Model) -> ModelRequest:
        """Return what is asked for the last words of a run that may use no tools any more."""
        builder = self._prompts.builder("summary", **self._selected(state, model))
        return builder.assemble(await self._segments.inputs(state)).request

    async def compaction(self, state: RunState, rounds: Sequence[Round], model: Model) -> ModelRequest:
        """Return what is asked for a summary of these rounds."""
        builder = self._prompts.builder("compaction", **self._selected(state, model))
        earlier = [EarlierRound(one.code, one.observation, one.sub_goal, one.reply, one.extra) for one in rounds]
        return builder.assemble(replace(await self._segments.inputs(state), rounds=earlier)).request

    def _selected(self, state: RunState, model: Model) -> dict[str, str]:
        scenario = self._segments.scenario(state)
        return {"tenant": state.request.caller.tenant, "scenario": scenario, "model": model.name}
