"""Engines under test: real sandbox, real broker, real queue; Python toolkits, one of which writes to a ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

TOOLKIT = '''
"""A garden: beds to look at, and tools that really write to a ledger."""

from pathlib import Path

import anyio
from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool

LEDGER = Path(__file__).parent.parent / "ledger.txt"


def _write(line):
    with LEDGER.open("a") as ledger:
        ledger.write(line + "\\n")


@tool
def beds() -> list[str]:
    """List the beds."""
    return ["north", "south"]


@tool(effect=Effect.WRITE, undo="let it dry")
def water(bed: str, litres: int = 1) -> str:
    """Water a bed."""
    _write(f"water {bed} {litres}")
    return f"watered {bed}"


@tool(effect=Effect.WRITE, approval="NEVER")
def dig(bed: str) -> str:
    """Dig a bed; nobody is asked."""
    _write(f"dig {bed}")
    return f"dug {bed}"


@tool(effect=Effect.WRITE, approval="NEVER", timeout_seconds=60)
async def slow_dig(bed: str, seconds: float) -> str:
    """Dig a bed, slowly; the ledger is written at the end."""
    _write(f"begin {bed}")
    await anyio.sleep(seconds)
    _write(f"dug {bed}")
    return f"dug {bed}"


@tool
def break_spade() -> None:
    """Fail."""
    raise ValueError("the spade is broken")
'''

SYSTEM = '''
"""Two services, as a portal's own toolkit would tell of them."""

from typing import Any

from sanca.toolkit_bridge import tool


@tool
def services() -> list[dict[str, Any]]:
    """List the services."""
    return [{"name": "storefront", "release": "v1.0.0"}, {"name": "checkout", "release": "v1.2.0"}]


@tool
def config(service: str, ref: str | None = None) -> dict[str, Any]:
    """Return a service's configuration."""
    return {"service": service, "path": f"{service}/config.toml", "release": "v1.2.0", "values": {"pool.size": 7}}
'''


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with our toolkits, and no model in the environment."""
    home = tmp_path / "state"
    (home / "toolkits").mkdir(parents=True)
    (home / "toolkits" / "garden.py").write_text(TOOLKIT, encoding="utf-8")
    (home / "toolkits" / "system.py").write_text(SYSTEM, encoding="utf-8")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SANCA_HOME", str(home))
    monkeypatch.setenv("SANCA_ENGINE_PORT", "0")
    return home


@pytest.fixture
def ledger(home: Path) -> Callable[[], list[str]]:
    """Return what the tools have really written."""

    def read() -> list[str]:
        path = home / "ledger.txt"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    return read
