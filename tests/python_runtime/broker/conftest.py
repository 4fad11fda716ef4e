"""A broker without a host, one with a real JVM, and the state folder they share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from broker_driver import TOOLS, Driver, driven
from jvm_host import JvmHost


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder with one Python toolkit, `shop`."""
    folder = tmp_path / "home"
    (folder / "toolkits").mkdir(parents=True)
    (folder / "toolkits" / "shop.py").write_text(TOOLS.replace("\\\\n", "\\n"), encoding="utf-8")
    return folder


@pytest.fixture
async def driver(home: Path) -> AsyncIterator[Driver]:
    """A broker without a host, with run_1 open and bound."""
    async with driven(home) as made:
        await made.open_run()
        yield made


@pytest.fixture
def host(home: Path) -> Iterator[JvmHost]:
    """A JVM on the same state folder."""
    made = JvmHost(home)
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def with_host(host: JvmHost, home: Path) -> AsyncIterator[Driver]:
    """A broker with a host, with run_1 open and bound."""
    async with driven(home) as made:
        await made.open_run()
        yield made
