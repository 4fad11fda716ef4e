"""Fixtures of the model clients' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from model_server import FakeModelServer
from sanca.python_runtime.models import ModelRegistry


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def environment_for(server: FakeModelServer, kind: str) -> dict[str, str]:
    """Return what a person would set to use the server in one of its wire formats."""
    return {
        "openai": {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "key-1", "OPENAI_MODEL": "fake-model"},
        "openai-responses": {
            "OPENAI_BASE_URL": server.openai_url,
            "OPENAI_API_KEY": "key-1",
            "SANCA_MODEL": "openai-responses:fake-model",
        },
        "dashscope": {
            "DASHSCOPE_HTTP_BASE_URL": server.dashscope_url,
            "DASHSCOPE_API_KEY": "key-1",
            "DASHSCOPE_MODEL": "fake-model",
        },
        "anthropic": {
            "ANTHROPIC_BASE_URL": server.url,
            "ANTHROPIC_API_KEY": "key-1",
            "ANTHROPIC_MODEL": "fake-model",
        },
    }[kind]


@pytest.fixture
async def registry_for(tmp_path: Path) -> AsyncIterator[Callable[..., ModelRegistry]]:
    """Make registries over a fake server, one wire format each, and close them at the end."""
    made: list[ModelRegistry] = []

    def make(server: FakeModelServer, kind: str = "openai", **environ: str) -> ModelRegistry:
        made.append(ModelRegistry(tmp_path, {**environment_for(server, kind), **environ}))
        return made[-1]

    yield make
    for registry in made:
        await registry.close()
