"""The HTTP server of the doors with one small door behind it, which says who asked and what arrived."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from sanca.core.access import STATE_KEY, Access, DoorSettings
from sanca.core.agent_runner import AgentRunner
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.doors.access import DoorAccess, KeyFile
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import Listener
from sanca.python_runtime.doors.registry import DoorEntry, Doors
from sanca.python_runtime.doors.settings import DoorsSettings

PUBLIC = "/.well-known/probe"
PROBE = DoorEntry("probe", "probe_door:make_door", "a2a", (PUBLIC, "/probe", "/probe/"), (PUBLIC,))
SECRET_DETAIL = "what nobody outside may read"


class ProbeDoor:
    """`/probe` tells what came, `/probe/stream` streams until it is closed, `/probe/break` and `/probe/half` break."""

    made = 0
    paths: Sequence[str] = PROBE.paths
    public_paths: Sequence[str] = PROBE.public_paths

    def __init__(self) -> None:
        ProbeDoor.made += 1
        self.opened = 0
        self.streaming = anyio.Event()
        self._closing = anyio.Event()

    async def open(self) -> None:
        """Take a moment, so that others come meanwhile."""
        self.opened += 1
        await anyio.lowlevel.checkpoint()

    async def close(self) -> None:
        """End the streams."""
        self._closing.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        if scope["path"] == "/probe/break":
            raise ValueError(SECRET_DETAIL)
        if scope["path"] == "/probe/stream":
            await self._stream(send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await _start(send, 200)
        if scope["path"] == "/probe/half":
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            raise ValueError(SECRET_DETAIL)
        identity = scope["state"].get(STATE_KEY)
        told: dict[str, Any] = {"bytes": len(body), "path": scope["path"], "client": scope["client"][0]}
        if identity is not None:
            told |= {"name": identity.name, "kind": identity.kind, **identity.caller.model_dump(mode="json")}
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    async def _stream(self, send: Any) -> None:
        await _start(send, 200)
        await send({"type": "http.response.body", "body": b"begun\n", "more_body": True})
        self.streaming.set()
        await self._closing.wait()
        await send({"type": "http.response.body", "body": b"told to end\n"})


class StuckDoor(ProbeDoor):
    """Cannot be opened."""

    async def open(self) -> None:
        """Say why."""
        raise ConfigurationError("The probe's drawer is jammed.")


def make_door(_runner: AgentRunner, _access: Access, _settings: DoorSettings) -> ProbeDoor:
    """Make the door."""
    return ProbeDoor()


def make_stuck_door(_runner: AgentRunner, _access: Access, _settings: DoorSettings) -> ProbeDoor:
    """Make a door that cannot be opened."""
    return StuckDoor()


def make_broken_door(_runner: AgentRunner, _access: Access, _settings: DoorSettings) -> ProbeDoor:
    """Fail as a package that is not installed does."""
    raise ImportError(SECRET_DETAIL)


@dataclass(frozen=True)
class ProbeServer:
    """A server that listens."""

    url: str
    home: Path
    doors: Doors
    listener: Listener

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def key(self, name: str = "ci", *rights: str, **more: Any) -> dict[str, str]:
        """Make a key and return the header that shows it."""
        given = {"tenant": "default", "user": name, "expires_at": None, **more}
        _, shown = KeyFile(self.home).add(name, rights=rights or ("sanca:ask",), **given)
        return {"authorization": f"Bearer {shown}"}


@asynccontextmanager
async def probe_server(
    home: Path, *, engine_token: str = "", entry: DoorEntry = PROBE, **settings: Any
) -> AsyncIterator[ProbeServer]:
    """Serve for as long as the block lasts."""
    told = DoorsSettings(http_port=0, **settings)
    listener = Listener(told)
    access = DoorAccess(home, told, engine_token=engine_token)
    access.set_audience(listener.url)
    inside = DoorSettings(home=home, url=listener.url, version="0.1.0")
    doors = Doors(None, access, lambda: inside, (entry,))  # type: ignore[arg-type]  # the probe asks no engine
    listener.serve(HttpApplication(doors, access, told, listener.url))
    try:
        yield ProbeServer(listener.url, home, doors, listener)
    finally:
        listener.refuse()
        await doors.close()
        await listener.close()
        await access.close()


async def _start(send: Any, status: int) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
