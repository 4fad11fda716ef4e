"""Our A2A door for the public test kit: `python tests/conformance/a2a_server.py --port P [--grpc-port Q]`.

The door, its stores and bindings are the real ones; what a run does is told by how its message's id begins
(`fixture_runner`). Everybody is let in as the one identity of this program, on loopback: only here, in no setting.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import uvicorn
from a2a.server.context import ServerCallContext
from a2a.types.a2a_pb2 import (
    AgentCard,
    GetExtendedAgentCardRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    Task,
)
from a2a.utils.errors import ExtendedAgentCardNotConfiguredError
from fixture_runner import FixtureRunner, Script
from open_door import Everybody, LetIn
from sanca.a2a.server.door import A2aDoor
from sanca.a2a.server.handler import RunnerHandler
from sanca.core.access import DoorSettings
from sanca.core.outside import OutsideAddresses, OutsideSettings


class KitHandler(RunnerHandler):
    """The operations, and what our agent never does: a message as an answer instead of a task, and strangers."""

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task | Message:
        """Answer `tck-message-response` by a message."""
        asked = params.message
        if not asked.message_id.startswith("tck-message-response"):
            return await super().on_message_send(params, context)
        return Message(
            message_id=f"answer-to-{asked.message_id}",
            context_id=asked.context_id or "ses_direct",
            role=Role.ROLE_AGENT,
            parts=[Part(text="Direct message response", media_type="text/plain")],
        )


async def resolve(host: str, port: int) -> Sequence[str]:
    """Find `example.com`, which the kit registers as an address, on machines without name servers, too."""
    if host == "example.com":
        return ("93.184.215.14",)
    return [str(found[4][0]) for found in await anyio.getaddrinfo(host, port)]

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        """Give it to nobody: the kit shows no credentials."""
        raise ExtendedAgentCardNotConfiguredError("The extended card is for those who show credentials.")


class KitDoor(A2aDoor):
    """The door, with that handler; notifications may go to this machine, where the kit receives them."""

    handler_class = KitHandler
    outside = OutsideAddresses(OutsideSettings(addresses=("127.0.0.0/8", "::1")), resolve)


# What no scenario of the kit names stays open: its older tests go on with such tasks, or cancel them.
DEFAULT = Script(asks="question")


async def main() -> None:
    """Serve until it is ended; prints `ready` when it listens."""
    parser = argparse.ArgumentParser(description="The A2A door with fixtures, for a test kit.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc-port", type=int, default=None, help="default: the next one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="a2a-kit-") as home:
        settings = DoorSettings(
            home=Path(home),
            url=f"http://127.0.0.1:{given.port}",
            version="0.1.0",
            grpc_port=given.port + 1 if given.grpc_port is None else given.grpc_port,
        )
        await serve(KitDoor(FixtureRunner(default=DEFAULT), Everybody(schemes=()), settings), given.port)


async def serve(door: A2aDoor, port: int) -> None:
    """Serve a door over HTTP, on loopback."""
    listening = socket.create_server(("127.0.0.1", port), backlog=2048)
    server = uvicorn.Server(uvicorn.Config(LetIn(door), log_level="warning", lifespan="off"))
    await door.open()
    try:
        print("ready", flush=True)  # noqa: T201 - who started it waits for this; the socket takes requests already
        await server.serve([listening])
    finally:
        await door.close()


if __name__ == "__main__":
    anyio.run(main)
