"""A state folder with a garden, people with keys, and a model that does as it is told: for tests of the MCP door."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sanca.core.messages import ModelRequest
from sanca.python_runtime import Engine
from sanca.python_runtime.models import ScriptedModel

GARDEN = '''
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
SETTINGS = {
    "SANCA_MCP_TOOLS": "garden.*",
    "SANCA_MCP_TASK_SECONDS": "0.2",
    "SANCA_MCP_WAIT_SECONDS": "20",
    "SANCA_HTTP_REQUESTS_PER_MINUTE": "6000",
}
PEOPLE = {
    "olga": ("sanca:ask", "sanca:tools", "*"),
    "petra": ("sanca:ask",),
    "tim": ("sanca:tools",),
    "nora": (),
}
"""Whose key is for what."""
_ORDER = re.compile(r"please run: ([^\n`\"]+)")


@dataclass(frozen=True)
class Stack:
    """What a test talks to."""

    engine: Engine
    home: Path
    origin: str
    keys: dict[str, str]

    @property
    def url(self) -> str:
        """The door."""
        return f"{self.origin}/mcp"

    def ledger(self) -> list[str]:
        """Return what the tools have really written."""
        path = self.home / "ledger.txt"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def obedient_model() -> ScriptedModel:
    """Return a model that writes the action it is asked for, once, and then says that it is done."""
    done: set[str] = set()

    def reply(request: ModelRequest) -> str:
        said = "\n".join(message.content for message in request.messages)
        orders = [one for one in dict.fromkeys(_ORDER.findall(said)) if one not in done]
        if not orders:
            return "It is done."
        done.add(orders[-1])
        return f"I do it.\n\n```python\n{orders[-1]}\n```"

    return ScriptedModel(reply)
