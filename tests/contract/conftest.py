"""The levels of isolation that the sandbox suites run against, each opened once a module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from sanca.python_runtime.sandbox import Sandbox, SandboxSession, SandboxSettings
from sandbox_levels import LEVELS

SECRET = "sk-sandbox-must-never-see-this-one"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=LEVELS)
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A level of isolation, in an engine whose environment holds a secret."""
    os.environ["SANCA_TEST_SECRET"] = SECRET
    made = LEVELS[request.param](SandboxSettings(output_folder_megabytes=8, warm_sessions_most=1))
    await made.start()
    yield made
    await made.close()
    del os.environ["SANCA_TEST_SECRET"]


@pytest.fixture
async def session(sandbox: Sandbox) -> AsyncIterator[SandboxSession]:
    """A fresh session without libraries and folders."""
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()
