"""The AG-UI door on a real port, over an engine in this process; who asks is named by the header `x-user`."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import uvicorn
from sanca.core.access import ASK, Access, DoorSettings, Identity
from sanca.core.messages import Caller
from sanca.python_runtime import Engine
from sanca.python_runtime.doors.agui import AguiDoor, make_door
from sanca.python_runtime.doors.runner import EngineRunner

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
    door: AguiDoor

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
    """Open an engine with a garden, and the door, for as long as the block lasts; no model is set."""
    (home / "toolkits").mkdir(parents=True, exist_ok=True)
    (home / "toolkits" / "garden.py").write_text(GARDEN, encoding="utf-8")
    async with Engine(home) as engine:
        settings = DoorSettings(home=home, url="http://127.0.0.1", version="0", body_bytes=1_000_000)
        door = make_door(EngineRunner(engine), cast(Access, None), settings)
        listening = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(_identified(door), log_level="critical", lifespan="off"))
        async with anyio.create_task_group() as tasks, httpx.AsyncClient(base_url=url, timeout=30) as client:
            tasks.start_soon(server.serve, [listening])
            client.headers["x-user"] = "olga"
            yield DoorUnderTest(url, engine, client, door)
            server.should_exit = True
            await door.close()


def _identified(door: AguiDoor) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        rights = () if headers.get("x-rights") == "none" else (ASK, "garden:all")
        user = headers.get("x-user", "olga")
        caller = Caller(tenant="default", user=user, rights=rights, channel="api")
        scope["state"] = {"identity": Identity(caller=caller, name=user, kind="key")}
        await door(scope, receive, send)

    return app
