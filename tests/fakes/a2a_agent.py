"""An agent for tests over A2A: it answers, asks back, fails, refuses, waits, sends files, as the first word says.

`with FakeAgent() as agent: agent.url`. Served from a thread, on loopback.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import grpc.aio
import uvicorn
from a2a.compat.v0_3.a2a_v0_3_pb2_grpc import add_A2AServiceServicer_to_server as add_old_servicer_to_server
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.helpers import (
    get_data_parts,
    new_data_part,
    new_raw_part,
    new_task_from_user_message,
    new_text_message,
    new_text_part,
)
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.request_handlers.grpc_handler import GrpcHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Message
from a2a.types.a2a_pb2_grpc import add_A2AServiceServicer_to_server
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


class _Executor(AgentExecutor):
    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Do what the first word says."""
        message = context.message
        assert message is not None
        self._agent.seen.append((message.context_id, message.task_id))
        self._agent.messages.append(message)
        word, text = context.get_user_input().split()[0], context.get_user_input()
        if word == "message":
            await event_queue.enqueue_event(new_text_message("direct answer", context_id=context.context_id))
            return
        task = context.current_task
        if task is None:
            task = new_task_from_user_message(message)
            task.id, task.context_id = context.task_id or task.id, context.context_id or task.context_id
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        await self._finish(word, text, get_data_parts(message.parts), updater)

    async def _finish(self, word: str, text: str, data: list[object], updater: TaskUpdater) -> None:
        said = updater.new_agent_message([new_text_part(f"because {text}\x1b[0m")])
        match word:
            case "fail":
                await updater.failed(said)
            case "refuse":
                await updater.reject(said)
            case "ask":
                await updater.requires_input(said)
            case "sign-in":
                await updater.requires_auth(said)
            case "wait":
                await asyncio.sleep(0.3)  # by then the client has read the task's id
                self._agent.waiting.set()
                await asyncio.sleep(60)
            case "late":
                await asyncio.to_thread(self._agent.release.wait, 60)
                await updater.add_artifact([new_text_part(f"late answer to {text}")], artifact_id="a")
                await updater.complete()
            case "file":
                parts = [new_raw_part(b"a,b\n1,2\n", "text/csv", "../../made.csv"), new_text_part("here it is")]
                await updater.add_artifact(parts, artifact_id="f")
                await updater.complete()
            case "long":
                await updater.add_artifact([new_text_part("x" * 300_000)], artifact_id="l")
                await updater.complete()
            case _:
                for part in (text[:3], text[3:]):
                    await updater.add_artifact([new_text_part(part)], artifact_id="a", append=part != text[:3])
                await updater.add_artifact([new_data_part({"got": data, "count": len(data)})], artifact_id="b")
                await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Note it."""
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()
        self._agent.cancelled.set()


class FakeAgent:
    """The agent; a context manager."""

    def __init__(
        self,
        *,
        streaming: bool = True,
        card_url: str = "",
        description: str = "For tests.",
        bindings: Sequence[tuple[str, str]] = (("JSONRPC", "1.0"),),
        skills: Sequence[AgentSkill] = (AgentSkill(id="echo", name="Echo", description="says it again", tags=["t"]),),
        sign: Callable[[AgentCard], AgentCard] = lambda card: card,
        keys: Sequence[dict[str, Any]] = (),
        port: int = 0,
    ) -> None:
        """Make the agent.

        Args:
            streaming: Whether its card offers streams.
            card_url: The address its card names; its own by default.
            description: The card's description.
            bindings: The bindings its card names, with their protocol versions.
            skills: The card's skills.
            sign: Signs the card.
            keys: The public keys it publishes (JWK).
            port: Where it listens; 0: anywhere.
        """
        self.seen: list[tuple[str, str]] = []
        """Context id and task id of every message."""
        self.messages: list[Message] = []
        self.release = threading.Event()
        """Set: what came with the word `late` is answered."""
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self._grpc_socket = socket.socket()
        self._grpc_socket.bind(("127.0.0.1", 0))
        grpc_port = self._grpc_socket.getsockname()[1]
        self._grpc_socket.close()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        card = AgentCard(
            name="fake",
            description=description,
            version="1",
            supported_interfaces=[
                AgentInterface(
                    url=f"127.0.0.1:{grpc_port}" if name == "GRPC" else card_url or self.url,
                    protocol_binding=name,
                    protocol_version=version,
                )
                for name, version in bindings
            ],
            capabilities=AgentCapabilities(streaming=streaming),
            default_input_modes=["text/plain"],
            default_output_modes=["text/plain"],
            skills=skills,
        )
        card = self.card = sign(card)
        handler = DefaultRequestHandler(_Executor(self), InMemoryTaskStore(), card)
        routes = [
            Route("/.well-known/jwks.json", lambda _: JSONResponse({"keys": list(keys)})),
            *create_agent_card_routes(card, card_modifier=self._current_card),
            *create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True),
            *create_rest_routes(handler, enable_v0_3_compat=True),
        ]

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            if not any(name == "GRPC" for name, _ in bindings):
                yield
                return
            server = grpc.aio.server()
            add_A2AServiceServicer_to_server(GrpcHandler(handler), server)  # type: ignore[no-untyped-call]  # generated
            add_old_servicer_to_server(CompatGrpcHandler(handler), server)  # type: ignore[no-untyped-call]  # generated
            server.add_insecure_port(f"127.0.0.1:{grpc_port}")
            await server.start()
            yield
            await server.stop(1)

        app = Starlette(routes=routes, lifespan=lifespan)
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    async def _current_card(self, _: AgentCard) -> AgentCard:
        return self.card

    def __enter__(self) -> FakeAgent:
        self._socket.listen()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release.set()  # whoever waits for it would hold the server's end up
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
