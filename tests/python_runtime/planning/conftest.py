"""A model server with a script, as the engine's only model, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from model_script import Serve
from model_server import FakeModelServer

CSV = """region,product,Revenue\x20
north,tulips,$500
south,roses,"$1,200"
north,roses,$300
west,tulips,$50
south,tulips,$100
"""


@pytest.fixture
def serve(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a scripted server and make it the engine's model; called before the engine opens."""
    with ExitStack() as stack:

        def start(script: Any, model: str = "fake-model") -> FakeModelServer:
            server = stack.enter_context(FakeModelServer(script, models=(model,)))
            monkeypatch.setenv("OPENAI_API_KEY", "test-key")
            monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
            monkeypatch.setenv("SANCA_MODEL", model)
            return server

        yield start


@pytest.fixture
def messy_csv(home: Path) -> Path:
    """A file of the session `ses_a` with a column whose name ends in a space, and money as text."""
    path = home / "sessions" / "ses_a" / "input" / "sales.csv"
    path.parent.mkdir(parents=True)
    path.write_text(CSV, encoding="utf-8")
    return path
