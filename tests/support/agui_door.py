"""The AG-UI door of a real server on a real port, over an engine in this process; three people have keys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sanca.core.access import ASK
from sanca.python_runtime import Engine
from sanca.python_runtime.doors.access import KeyFile
from sanca.python_runtime.doors.server import open_doors
from sanca.python_runtime.doors.settings import DoorsSettings

Event = dict[str, Any]

GARDEN = '''"""A garden: a bed that is watered once a person agrees, or dug without asking. Writes to a ledger."""

from pathlib import Path

from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool


def _write(line):
    with (Path(__file__).parent.parent / "ledger.txt").open("a") as ledger:
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
'''


@dataclass
class Told:
    """One event as it came: its id, and what it says."""

    id: str
    event: Event = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The event's type."""
        return str(self.event["type"])


@dataclass
class DoorUnderTest:
    """The open door and a client of it."""

    url: str
    engine: Engine
    client: httpx.AsyncClient
    """Asks as olga."""
    keys: dict[str, str] = field(repr=False)

    def as_user(self, name: str) -> dict[str, str]:
        """Return the header of somebody: olga, eve, or nobody, who may not ask."""
        return {"x-api-key": self.keys[name]}

    async def run(self, body: Event, **headers: str) -> list[Told]:
        """Post a run and return all its events."""
        return [told async for told in self.stream("POST", "/agui", json=body, headers=headers)]

    async def say(self, text: str, thread: str = "t1", run: str = "r1", **props: Any) -> list[Told]:
        """Send a message and return all events of its run."""
        return await self.run(message(text, thread, run, **props))

    async def act(self, code: str, thread: str = "t1", run: str = "r1") -> list[Told]:
        """Run an action of the person's own and return all its events."""
        body = {"threadId": thread, "runId": run, "messages": [], "forwardedProps": {"actionCode": code}}
        return await self.run(body)

    async def connect(self, thread: str = "t1", after: str = "", **headers: str) -> list[Told]:
        """Show a session again, to the end."""
        path = f"/agui/connect?threadId={thread}" + (f"&after={after}" if after else "")
        return [told async for told in self.stream("GET", path, headers=headers)]

    async def stream(self, method: str, path: str, **more: Any) -> AsyncIterator[Told]:
        """Yield events as they come."""
        async with self.client.stream(method, path, **more) as answer:
            assert answer.status_code == 200, (await answer.aread()).decode()
            told = Told("")
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    told.id = line[4:]
                elif line.startswith("data: "):
                    told.event = json.loads(line[6:])
                elif not line and told.event:
                    yield told
                    told = Told("")


def message(text: str, thread: str = "t1", run: str = "r1", **props: Any) -> Event:
    """Return a `RunAgentInput` with a message."""
    said = {"id": f"m-{run}", "role": "user", "content": text}
    return {"threadId": thread, "runId": run, "messages": [said], "forwardedProps": props}


def resume(told: list[Told], payload: Any, thread: str = "t1", run: str = "r2", status: str = "resolved") -> Event:
    """Return the `RunAgentInput` that answers the interrupt with which these events end."""
    (interrupt,) = told[-1].event["outcome"]["interrupts"]
    entry = {"interruptId": interrupt["id"], "status": status, "payload": payload}
    return {"threadId": thread, "runId": run, "messages": [], "resume": [entry]}


@asynccontextmanager
async def open_door(home: Path) -> AsyncIterator[DoorUnderTest]:
    """Open an engine with a garden, and its doors, for as long as the block lasts; no model is set."""
    (home / "toolkits").mkdir(parents=True, exist_ok=True)
    (home / "toolkits" / "garden.py").write_text(GARDEN, encoding="utf-8")
    file = KeyFile(home)
    rights = {"olga": ASK, "eve": ASK, "nobody": "garden:look"}
    keys = {
        name: file.add(name, tenant="default", user=name, rights=(right,), expires_at=None)[1]
        for name, right in rights.items()
    }
    settings = DoorsSettings(http_port=0, http_requests_per_minute=1_000_000, http_body_bytes=1_000_000)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine(home))
        server = await stack.enter_async_context(open_doors(engine, settings, with_grpc=False))
        client = httpx.AsyncClient(base_url=server.url, timeout=60, headers={"x-api-key": keys["olga"]})
        yield DoorUnderTest(server.url, engine, await stack.enter_async_context(client), keys)
