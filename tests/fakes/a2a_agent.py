"""An agent for tests over A2A: it answers, asks back, fails, refuses, waits, notes a cancel, as the first word says.

`with FakeAgent() as agent: agent.url`. Served from a thread, on loopback.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

import uvicorn
from a2a.helpers import get_data_parts, new_data_part, new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette


class _Executor(AgentExecutor):
    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Do what the first word says."""
        message = context.message
        assert message is not None
        self._agent.seen.append((message.context_id, message.task_id))
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

    def __init__(self, *, streaming: bool = True, card_url: str = "", description: str = "For tests.") -> None:
        """Make the agent.

        Args:
            streaming: Whether its card offers streams.
            card_url: The address its card names; its own by default.
            description: The card's description.
        """
        self.seen: list[tuple[str, str]] = []
        """Context id and task id of every message."""
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        card = AgentCard(
            name="fake",
            description=description,
            version="1",
            supported_interfaces=[
                AgentInterface(url=card_url or self.url, protocol_binding="JSONRPC", protocol_version="1.0")
            ],
            capabilities=AgentCapabilities(streaming=streaming),
            default_input_modes=["text/plain"],
            default_output_modes=["text/plain"],
            skills=[AgentSkill(id="echo", name="Echo", description="says it again", tags=["test"])],
        )
        handler = DefaultRequestHandler(_Executor(self), InMemoryTaskStore(), card)
        app = Starlette(routes=[*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/")])
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> FakeAgent:
        self._socket.listen()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()
