"""The engine's HTTP server with the fixtures' MCP door, and no engine behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sanca.core.access import Channel, DoorSettings, Identity
from sanca.core.messages import Caller
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import Listener
from sanca.python_runtime.doors.registry import DOORS, DoorEntry, Doors
from sanca.python_runtime.doors.settings import DoorsSettings

ANONYMOUS = Identity(Caller(user="anonymous", rights=("*",), channel="mcp"), "anonymous", "local")


class AnonymousAccess(DoorAccess):
    """Lets everybody in who claims nothing; who shows credentials must show right ones."""

    async def identify(self, headers: Mapping[str, str], channel: Channel, address: str = "") -> Identity:
        """Return who it is."""
        if "authorization" in headers or "x-api-key" in headers:
            return await super().identify(headers, channel, address)
        return ANONYMOUS


@asynccontextmanager
async def served(home: Path, port: int = 0) -> AsyncIterator[str]:
    """Serve on loopback for as long as the block lasts; yields where. Keys of `<home>/access.json` count."""
    listener = Listener(DoorsSettings(http_port=port))
    found = listener.url.rpartition(":")[2]
    origins = [f"http://{name}:{found}" for name in ("127.0.0.1", "localhost")]  # where the suite's pages come from
    settings = DoorsSettings(http_port=int(found), http_origins=origins, http_requests_per_minute=100_000)
    access = AnonymousAccess(home, settings)
    told = DoorSettings(home=home, url=listener.url, version="0.1.0")
    doors = Doors(None, access, lambda: told, (_entry(),))  # type: ignore[arg-type] # fixtures ask no engine
    listener.serve(HttpApplication(doors, access, settings, listener.url))
    try:
        yield f"{listener.url}/mcp"
    finally:
        listener.refuse()
        await doors.close()
        await listener.close()
        await access.close()


def _entry() -> DoorEntry:
    """Return the MCP door's own entry, with another factory."""
    own = next(entry for entry in DOORS if entry.name == "mcp")
    return DoorEntry(
        own.name, "mcp_fixture_server:make_door", own.channel, own.paths, own.public_paths, own.rights, own.realm
    )
