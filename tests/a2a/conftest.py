"""Fixtures of the A2A tests: the second agent of the examples, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = str(Path(__file__).parents[2] / "examples/change_reviewer/server.py")
TOKEN = "reviewer-token"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def reviewer() -> Iterator[str]:
    """The change reviewer's address; it listens before it prints it."""
    process = subprocess.Popen(
        [sys.executable, SERVER, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CHANGE_REVIEWER_TOKEN": TOKEN},
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()
