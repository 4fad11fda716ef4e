"""State folders for engines that meet other people's programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty state folder for a file of tests, and neither a model nor a fixed port in the environment."""
    home = tmp_path_factory.mktemp("peers") / "state"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("OPENAI_", "DASHSCOPE_", "ANTHROPIC_", "SANCA_"))]:
            patch.delenv(name)
        patch.setenv("SANCA_HOME", str(home))
        patch.setenv("SANCA_ENGINE_PORT", "0")
        yield home
