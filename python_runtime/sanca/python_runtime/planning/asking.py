"""Asks a model and reads its whole reply, aloud or in silence; what it cost is noted. Knows nothing of plans."""

from __future__ import annotations

from contextlib import aclosing

from sanca.core.messages import ModelRequest, Usage
from sanca.core.ports import Model
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.plan import Reply
from sanca.python_runtime.planning.speech import Speech
from sanca.python_runtime.rounds import RunState


async def ask(model: Model, request: ModelRequest, state: RunState, *, aloud: bool) -> Reply:
    """Return the reply.

    Args:
        model: Who is asked.
        request: What is asked.
        state: The run it is asked for.
        aloud: Whether the person sees words and reasoning as they come.

    Raises:
        ModelError: The model refused or cannot be reached.
    """
    speech = Speech(state.reporter) if aloud else None
    text, finish_reason, usage = "", "", None
    extra: dict[str, object] = {}
    request = request.model_copy(update={"can_restart": True})
    async with aclosing(model.stream(request)) as deltas:  # type: ignore[type-var] # every client is a generator
        async for delta in deltas:
            if delta.restart:
                speech, text, extra = _begin_anew(delta.restart, speech, state), "", {}
            if speech is not None:
                speech.think(delta.reasoning)
                speech.say(delta.text)
            text += delta.text
            extra |= delta.extra
            finish_reason = delta.finish_reason or finish_reason
            usage = delta.usage or usage
    if speech is not None:
        speech.end()
    if usage is not None:
        note_usage(usage, state)
    name = usage.model if usage is not None and usage.model else model.name  # a fall-back may have answered
    return Reply(text, name, finish_reason, extra, usage)


def _begin_anew(why: str, speech: Speech | None, state: RunState) -> Speech | None:
    """Another model begins the reply anew: what was shown of it is void, and the page is told."""
    state.note("model_failover", {"round": state.round.number, "why": why})
    if speech is None:
        return None
    speech.end()
    state.reporter.notice(sentence("model_changed", state.language, why=why), level="warning", code="model_changed")
    return Speech(state.reporter)


def say(reply: Reply, state: RunState) -> None:
    """Show the words of a reply that came in silence."""
    speech = Speech(state.reporter)
    speech.say(reply.text)
    speech.end()


def note_usage(usage: Usage, state: RunState) -> None:
    """Count what a call cost into the run, and tell the page."""
    state.usage.append(usage)
    facts = usage.model_dump(include={"model", "input_tokens", "output_tokens", "cost", "currency"})
    state.reporter.custom("sanca.usage", {"run_id": state.request.run_id, "round": state.round.number, **facts})


def sum_of(first: Usage | None, second: Usage | None) -> Usage | None:
    """Return what two calls of one round cost together."""
    if first is None or second is None:
        return first or second
    names = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cost")
    return second.model_copy(update={name: getattr(first, name) + getattr(second, name) for name in names})
