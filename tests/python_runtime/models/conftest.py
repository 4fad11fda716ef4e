"""Fixtures of the model clients' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from model_server import FakeModelServer
from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage
from sanca.core.ports import Model
from sanca.python_runtime.models import ModelRegistry


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def registry_for(tmp_path: Path) -> AsyncIterator[Callable[..., ModelRegistry]]:
    """Make registries over a fake server, one wire format each, and close them at the end."""
    made: list[ModelRegistry] = []

    def make(server: FakeModelServer, kind: str = "openai", **environ: str) -> ModelRegistry:
        base = {
            "openai": {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "key-1", "OPENAI_MODEL": "fake-model"},
            "dashscope": {"DASHSCOPE_HTTP_BASE_URL": server.dashscope_url, "DASHSCOPE_API_KEY": "key-1"},
        }[kind]
        made.append(ModelRegistry(tmp_path, {**base, **environ}))
        return made[-1]

    yield make
    for registry in made:
        await registry.close()


def ask(text: str = "hello", *, timeout_seconds: float = 20.0) -> ModelRequest:
    """Return a small request."""
    messages = (PromptMessage(role="system", content="be short"), PromptMessage(role="user", content=text))
    return ModelRequest(messages=messages, timeout_seconds=timeout_seconds, max_output_tokens=99)


async def read(model: Model | None, request: ModelRequest | None = None) -> tuple[str, str, ModelDelta]:
    """Return text, reasoning and the last delta of one reply."""
    assert model is not None
    deltas = [delta async for delta in model.stream(request or ask())]
    return "".join(delta.text for delta in deltas), "".join(delta.reasoning for delta in deltas), deltas[-1]
