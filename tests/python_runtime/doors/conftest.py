"""Servers under test listen on free ports of loopback, with a state folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder, and no setting of the doors in the environment."""
    for name in os.environ:
        if name.startswith(("SANCA_HTTP_", "SANCA_OIDC_", "SANCA_A2A_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SANCA_HOME", str(tmp_path))
    return tmp_path
