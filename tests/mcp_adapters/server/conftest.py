"""A real engine with its HTTP server and MCP door, one for each file; keys of people with different rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from mcp_stack import GARDEN, PEOPLE, SETTINGS, Stack, obedient_model
from sanca.python_runtime import Engine
from sanca.python_runtime.doors.access.keys import KeyFile
from sanca.python_runtime.doors.server import open_doors
from sanca.python_runtime.doors.settings import DoorsSettings


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder with our toolkit; no model in the environment."""
    home = tmp_path_factory.mktemp("mcp") / "state"
    (home / "toolkits").mkdir(parents=True)
    (home / "toolkits" / "garden.py").write_text(GARDEN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
            patch.delenv(name, raising=False)
        for name, value in {"SANCA_HOME": str(home), **SETTINGS}.items():
            patch.setenv(name, value)
        yield home


@pytest.fixture(scope="module")
async def stack(environment: Path, anyio_backend: str) -> AsyncIterator[Stack]:
    """The engine and its doors."""
    file = KeyFile(environment)
    async with Engine(environment, model=obedient_model()) as engine:
        keys = {
            name: file.add(name, tenant="default", user=name, rights=rights, expires_at=None)[1]
            for name, rights in PEOPLE.items()
        }
        async with open_doors(engine, DoorsSettings(http_port=0), with_grpc=False) as server:
            yield Stack(engine, environment, server.url, keys)


@pytest.fixture
def order() -> Callable[[str], str]:
    """Return the message that has an action run."""
    return "Look after the garden, please run: {}".format
