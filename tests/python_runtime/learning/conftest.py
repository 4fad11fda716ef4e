"""A small fleet, and a model over real HTTP that says what its script says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import small_fleet
from model_script import Serve
from model_server import FakeModelServer

MEADOW = '''
"""Flowers beside services: something that no shipped skill knows of."""

import json
from pathlib import Path

from sanca.toolkit_bridge import tool

FLOWERS = Path(__file__).parent.parent / "flowers.json"


@tool
def flowers(service: str) -> dict[str, int]:
    """Count the flowers in the bed of a service, by kind."""
    return json.loads(FLOWERS.read_text())[service]
'''
FLOWERS = {"checkout": {"tulips": 7, "roses": 2}, "storefront": {"tulips": 5, "roses": 0}, "payments": {"tulips": 1}}


@pytest.fixture
def fleet(home: Path) -> Path:
    """The state folder with the fleet's toolkits and a meadow beside the garden."""
    small_fleet.lay_out(home)
    (home / "toolkits" / "meadow.py").write_text(MEADOW, encoding="utf-8")
    (home / "flowers.json").write_text(json.dumps(FLOWERS), encoding="utf-8")
    return home


@pytest.fixture
def serve(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a scripted server and make it the engine's model; called before the engine opens."""
    with ExitStack() as stack:

        def start(script: Any) -> FakeModelServer:
            server = stack.enter_context(FakeModelServer(script))
            monkeypatch.setenv("OPENAI_API_KEY", "test-key")
            monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
            monkeypatch.setenv("SANCA_MODEL", "fake-model")
            return server

        yield start
