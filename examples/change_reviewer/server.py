"""An agent that reviews a change by rules and answers over A2A, on loopback. Uses no model and nothing of sanca.

Run it with `python server.py --port 9310`. It ends on SIGTERM, on Ctrl-C, and when the process that started it is gone.
With CHANGE_REVIEWER_TOKEN set, calls need `Authorization: Bearer <token>`; the agent card is public.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import uvicorn
from a2a.helpers import get_data_parts, get_text_parts, new_data_part, new_task_from_user_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from review_changes import read_change
from review_rules import review, risk
from review_wording import language_of, question, report, sentence
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

_PARENT_CHECK_SECONDS = 1.0


class Reviewer(AgentExecutor):
    """Reviews what a message holds: text in its own language, and the findings as data."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Answer one message."""
        if context.message is None:
            return
        updater = await self._begin(context, event_queue)
        texts, data = get_text_parts(context.message.parts), get_data_parts(context.message.parts)
        language = language_of("\n".join(text for text in texts if not text.lstrip().startswith(("diff ", "--- "))))
        change = read_change(texts, data)
        if change.is_empty:
            await updater.requires_input(updater.new_agent_message([new_text_part(question(language))]))
            return
        findings = review(change)
        level = risk(findings)
        result = {
            "risk": level,
            "findings": [{**asdict(one), "text": sentence(one, language)} for one in findings],
            "files": len(change.files),
            "added": sum(len(file.added) for file in change.files),
            "removed": sum(len(file.removed) for file in change.files),
        }
        parts = [new_text_part(report(findings, level, language)), new_data_part(result)]
        await updater.add_artifact(parts, name="review")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop: a review takes milliseconds, so there is only the state to set."""
        await TaskUpdater(event_queue, context.task_id or "", context.context_id or "").cancel()

    async def _begin(self, context: RequestContext, event_queue: EventQueue) -> TaskUpdater:
        task = context.current_task
        if task is None and context.message is not None:
            task = new_task_from_user_message(context.message)
            task.id, task.context_id = context.task_id or task.id, context.context_id or task.context_id
            await event_queue.enqueue_event(task)
        assert task is not None  # noqa: S101 - for the type checker: a message makes a task
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        return updater


def agent_card(url: str) -> AgentCard:
    """Return what this agent says about itself."""
    skill = AgentSkill(
        id="review_change",
        name="Review a change",
        description="Risk level and findings for a unified diff, or for settings with their values before and after.",
        tags=["review", "configuration", "diff"],
        examples=["Is this safe to deploy? <unified diff>", "这个配置改动有风险吗？"],
        input_modes=["text/plain", "application/json"],
        output_modes=["text/markdown", "application/json"],
    )
    return AgentCard(
        name="change_reviewer",
        description="Reviews code and configuration changes by fixed rules before they are deployed.",
        version="0.1.0",
        supported_interfaces=[AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain", "application/json"],
        default_output_modes=["text/markdown", "application/json"],
        skills=[skill],
    )


def make_app(url: str, token: str = "") -> Starlette:
    """Return the web application; `token` empty: anybody on this machine may ask."""
    card = agent_card(url)
    handler = DefaultRequestHandler(Reviewer(), InMemoryTaskStore(), card)

    async def check_token(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("authorization", "")
        if token and request.method == "POST" and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "the bearer token is missing or wrong"}, status_code=401)
        return await call_next(request)

    return Starlette(
        routes=[*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/")],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=check_token)],
    )


async def _stop_with_parent(server: uvicorn.Server, parent: int) -> None:
    """Stop the server when the process that started it is gone."""
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells nobody, one has to look
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    server.should_exit = True


async def serve(port: int, token: str) -> None:
    """Serve until told to stop; the first line on stdout is the address."""
    with contextlib.closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        config = uvicorn.Config(make_app(url, token), log_level="warning", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        watch = asyncio.create_task(_stop_with_parent(server, os.getppid()))
        print(url, flush=True)
        await server.serve(sockets=[listener])
        watch.cancel()


def main() -> None:
    """Start from the command line."""
    parser = argparse.ArgumentParser(description="An agent that reviews changes, over A2A on loopback.")
    parser.add_argument("--port", type=int, default=9310, help="0: any free one")
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.port, os.environ.get("CHANGE_REVIEWER_TOKEN", "")))
    except OSError as error:
        sys.exit(f"Port {arguments.port} cannot be used ({error.strerror}); choose another with --port.")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
