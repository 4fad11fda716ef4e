"""Our MCP door with the official suite's fixtures: `python tests/conformance/mcp_server.py --port P`.

HTTP server, checks and door are the engine's own; the tools behind the door are fixtures. Who shows no credentials is
let in as an anonymous identity, on loopback: only here, in no setting.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent))

import uvicorn
from sanca.core.access import Channel, DoorSettings, Identity
from sanca.core.messages import Caller
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import listen_on, server_config
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


def fixture_entry() -> DoorEntry:
    """Return the MCP door's own entry, with another factory."""
    own = next(entry for entry in DOORS if entry.name == "mcp")
    return DoorEntry(
        own.name, "mcp_fixture_server:make_door", own.channel, own.paths, own.public_paths, own.rights, own.realm
    )


async def main() -> None:
    """Serve until it is ended; prints `ready` and where, when it listens."""
    parser = argparse.ArgumentParser(description="The MCP door with fixtures, for the conformance suite.")
    parser.add_argument("--port", type=int, default=0, help="default: any")
    port: int = parser.parse_args().port
    with tempfile.TemporaryDirectory(prefix="mcp-conformance-") as home:
        await serve(Path(home), port)


async def serve(home: Path, port: int) -> None:
    """Serve on loopback."""
    listening = listen_on(DoorsSettings(http_port=port))
    found: int = listening.getsockname()[1]
    origins = [f"http://{name}:{found}" for name in ("127.0.0.1", "localhost")]
    os.environ["SANCA_HTTP_ORIGINS"] = json.dumps(origins)  # the suite's pages come from there
    settings = DoorsSettings(http_port=found)
    url = settings.url_at(found)
    access = AnonymousAccess(home, settings)
    told = DoorSettings(home=home, url=url, version="0.1.0")
    doors = Doors(None, access, lambda: told, (fixture_entry(),))  # type: ignore[arg-type] # fixtures ask no engine
    server = uvicorn.Server(server_config(HttpApplication(doors, access, settings, url), settings))
    signal.signal(signal.SIGTERM, server.handle_exit)
    print(f"ready {url}/mcp", flush=True)  # noqa: T201 - who started it waits for this
    await server.serve([listening])
    await doors.close()
    await access.close()


if __name__ == "__main__":
    anyio.run(main)
