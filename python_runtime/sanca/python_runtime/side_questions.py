"""Asks a model something beside the plan: bounded in time, counted in the run's usage, and never the end of a run."""

from __future__ import annotations

from contextlib import aclosing

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.core.messages import ModelRequest, PromptMessage
from sanca.core.ports import Model
from sanca.python_runtime.rounds import RunState

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
