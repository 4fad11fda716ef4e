"""What the suites run against: levels of isolation, opened once a module, and clients of one host of all signatures."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from contract_host import ContractHost
from sanca.python_runtime.sandbox import Sandbox, SandboxSession, SandboxSettings
from sanca.toolkit_bridge import WireGateway
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway
from sandbox_levels import LEVELS, WITH_FULL_PYTHON

SECRET = "sk-sandbox-must-never-see-this-one"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes our `sandbox` once a level.

    With all of Python, or every one where a module says `EVERY_LEVEL`; with an ability only where it says `NEEDS`.
    """
    if "sandbox" not in metafunc.fixturenames or hasattr(metafunc.module, "sandbox"):
        return
    needs_all = not getattr(metafunc.module, "EVERY_LEVEL", False) or metafunc.definition.get_closest_marker(
        "full_python"
    )
    needed = "" if "refuse" in metafunc.definition.name else getattr(metafunc.module, "NEEDS", "")
    levels = [
        level
        for level in (WITH_FULL_PYTHON if needs_all else LEVELS)
        if not needed or getattr(LEVELS[level].abilities, needed)
    ]
    marked = [pytest.param(level, marks=pytest.mark.slow) if level == "container" else level for level in levels]
    metafunc.parametrize("sandbox", marked, indirect=True, scope="module")


@pytest.fixture(scope="module")
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """A level of isolation, in an engine whose environment holds a secret."""
    os.environ["SANCA_TEST_SECRET"] = SECRET
    made = LEVELS[request.param](SandboxSettings(output_folder_megabytes=8, warm_sessions_most=1))
    await made.start()
    yield made
    await made.close()
    del os.environ["SANCA_TEST_SECRET"]


@pytest.fixture(scope="module")
def used_sessions() -> list[SandboxSession]:
    """Sessions of slow levels that another test may use again."""
    return []


@pytest.fixture
async def session(
    request: pytest.FixtureRequest, sandbox: Sandbox, used_sessions: list[SandboxSession]
) -> AsyncIterator[SandboxSession]:
    """A session without libraries and folders: a fresh one, but where that takes a second and no broker is bound."""
    is_shared = sandbox.level == "container" and "broker" not in request.fixturenames
    made = used_sessions.pop() if is_shared and used_sessions else await sandbox.spawn(libraries=False)
    yield made
    if is_shared and made.alive:
        used_sessions.append(made)
    else:
        await made.close()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractHost]:
    """One host for all who leave it alive."""
    started = ContractHost(tmp_path_factory.mktemp("contract-host"))
    yield started
    started.close()


@pytest.fixture(scope="module", params=[WireGateway, Py4JGateway], ids=["wire", "py4j"])
def gateway(request: pytest.FixtureRequest, host: ContractHost) -> Iterator[WireGateway | Py4JGateway]:
    """Our own client of the gateway, and py4j's."""
    made = request.param(host.home)
    yield made
    made.close()
