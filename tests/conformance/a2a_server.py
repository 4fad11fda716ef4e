"""Our A2A door for the public test kit: `python tests/conformance/a2a_server.py --port P [--grpc-port Q]`.

The engine's HTTP server, the door, its stores and bindings are the real ones; what a run does is told by how its
message's id begins (`fixture_runner`). Who shows no credentials is let in, on loopback: only here, in no setting.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from fixture_runner import FixtureRunner
from sanca.core.access import Channel, DoorSettings, Identity
from sanca.core.messages import Caller
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import listen_on, server_config
from sanca.python_runtime.doors.registry import DOORS, Doors
from sanca.python_runtime.doors.settings import DoorsSettings

ANONYMOUS = Identity(Caller(user="anonymous", rights=("*",), channel="a2a"), "anonymous", "local")


class AnonymousAccess(DoorAccess):
    """Lets everybody in who claims nothing; who shows credentials must show right ones."""

    @property
    def schemes(self) -> Sequence[Mapping[str, Any]]:
        """None is needed."""
        return []

    async def identify(self, headers: Mapping[str, str], channel: Channel, address: str = "") -> Identity:
        """Return who it is."""
        if "authorization" in headers or "x-api-key" in headers:
            return await super().identify(headers, channel, address)
        return ANONYMOUS


async def main() -> None:
    """Serve until it is ended; prints `ready` and where, when it listens."""
    parser = argparse.ArgumentParser(description="The A2A door with fixtures, for a test kit.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc-port", type=int, default=None, help="default: the next one")
    given = parser.parse_args()
    grpc_port: int = given.port + 1 if given.grpc_port is None else given.grpc_port
    with tempfile.TemporaryDirectory(prefix="a2a-conformance-") as home:
        await serve(Path(home), given.port, grpc_port)


async def serve(home: Path, port: int, grpc_port: int) -> None:
    """Serve on loopback."""
    settings = DoorsSettings(http_port=port, http_requests_per_minute=1_000_000)
    listening = listen_on(settings)
    url = settings.url_at(port)
    access = AnonymousAccess(home, settings)
    told = DoorSettings(home=home, url=url, version="0.1.0", grpc_port=grpc_port)
    own = next(entry for entry in DOORS if entry.name == "a2a")
    entry = replace(own, factory="a2a_fixture_door:make_door")
    doors = Doors(FixtureRunner(), access, lambda: told, (entry,))
    await doors.door("a2a")  # gRPC cannot begin with a first request
    server = uvicorn.Server(server_config(HttpApplication(doors, access, settings, url), settings))
    signal.signal(signal.SIGTERM, server.handle_exit)
    listening.listen()
    print(f"ready {url}", flush=True)  # noqa: T201 - who started it waits for this
    await server.serve([listening])
    await doors.close()
    await access.close()


if __name__ == "__main__":
    anyio.run(main)
