"""Asks a model in a test: a small request, and a whole reply."""

from __future__ import annotations

from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage
from sanca.core.ports import Model


def ask(text: str = "hello", *, timeout_seconds: float = 20.0) -> ModelRequest:
    """Return a small request."""
    messages = (PromptMessage(role="system", content="be short"), PromptMessage(role="user", content=text))
    return ModelRequest(messages=messages, timeout_seconds=timeout_seconds, max_output_tokens=99)


async def read(model: Model | None, request: ModelRequest | None = None) -> tuple[str, str, ModelDelta]:
    """Return text, reasoning and the last delta of one reply."""
    assert model is not None
    deltas = [delta async for delta in model.stream(request or ask())]
    return "".join(delta.text for delta in deltas), "".join(delta.reasoning for delta in deltas), deltas[-1]
