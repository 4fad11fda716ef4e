"""Servers that protocols.py measures, each in a process of its own: ours, and the bare SDKs' echoes. Not a benchmark.

`python _protocol_peers.py ours|a2a|mcp` prints its address and a key once it listens. Ours is the engine's HTTP server
with keys, limits and the real doors; only the runs behind them are an echo, as they are in the bare servers.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "conformance"))  # where FixtureRunner is


async def serve_ours(home: Path) -> None:
    """Serve our doors."""
    import uvicorn
    from fixture_runner import FixtureRunner
    from sanca.core.access import ASK, DoorSettings
    from sanca.python_runtime.doors.access import DoorAccess
    from sanca.python_runtime.doors.access.keys import KeyFile
    from sanca.python_runtime.doors.http import HttpApplication
    from sanca.python_runtime.doors.listening import listen_on, server_config
    from sanca.python_runtime.doors.registry import DOORS, Doors
    from sanca.python_runtime.doors.settings import DoorsSettings

    _, key = KeyFile(home).add("bench", tenant="default", user="bench", rights=(ASK,), expires_at=None)
    settings = DoorsSettings(http_port=0, http_requests_per_minute=100_000_000, http_streams=4_000)
    listening = listen_on(settings)
    url = settings.url_at(listening.getsockname()[1])
    access = DoorAccess(home, settings)
    doors = Doors(FixtureRunner(), access, lambda: DoorSettings(home=home, url=url, version="0"), DOORS)
    server = uvicorn.Server(server_config(HttpApplication(doors, access, settings, url), settings))
    listening.listen(2_048)
    print(url, key, flush=True)
    await server.serve([listening])
    await doors.close()
    await access.close()


def bare_a2a(url: str) -> Any:
    """Return the SDK's own server with an executor that says what it was told."""
    from a2a.helpers import new_task_from_user_message, new_text_part
    from a2a.server.agent_execution import AgentExecutor, RequestContext
    from a2a.server.events import EventQueue
    from a2a.server.request_handlers import DefaultRequestHandler
    from a2a.server.routes import create_jsonrpc_routes
    from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
    from a2a.types import AgentCapabilities, AgentCard, AgentInterface
    from starlette.applications import Starlette

    class Echo(AgentExecutor):
        async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
            assert context.message is not None
            task = new_task_from_user_message(context.message)
            await event_queue.enqueue_event(task)
            updater = TaskUpdater(event_queue, task.id, task.context_id)
            await updater.start_work()
            await updater.add_artifact([new_text_part(context.get_user_input())], name="answer")
            await updater.complete()

        async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
            raise NotImplementedError

    interface = AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")
    card = AgentCard(
        name="bare",
        description="Says it again.",
        version="0",
        capabilities=AgentCapabilities(streaming=True),
        supported_interfaces=[interface],
    )
    handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore(), agent_card=card)
    return Starlette(routes=create_jsonrpc_routes(handler, "/a2a"))


def bare_mcp() -> Any:
    """Return the SDK's own server with a tool that says what it was told."""
    from mcp.server import MCPServer

    server = MCPServer("bare")

    @server.tool()
    def ask(message: str) -> str:
        """Say it again."""
        return message

    return server.streamable_http_app()


async def serve_bare(kind: str) -> None:
    """Serve one of the bare ones."""
    import uvicorn

    # The protocol is named, as in uvicorn's own sockets: without, asyncio leaves Nagle's delay on, 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(2_048)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = bare_a2a(url) if kind == "a2a" else bare_mcp()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    print(url, "none", flush=True)
    await server.serve([listening])


def main() -> None:
    """Serve until it is ended."""
    kind = sys.argv[1]
    if kind != "ours":
        asyncio.run(serve_bare(kind))
        return
    with tempfile.TemporaryDirectory(prefix="sanca-bench-") as home:
        os.environ["SANCA_HOME"] = home
        asyncio.run(serve_ours(Path(home)))


if __name__ == "__main__":
    main()
