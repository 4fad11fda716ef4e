"""The agent as an MCP server: puts tools, resources, prompts and tasks together. What each does is in its module."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import mcp_types as types
import structlog
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import ToolsListChanged
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from sanca.core.access import ASK, DoorSettings, Identity
from sanca.core.agent_runner import AgentRunner
from sanca.core.door_errors import INSIDE, sentence_of, status_of
from sanca.core.errors import AccessError, SancaError
from sanca.core.messages import Caller
from sanca.mcp_adapters.server.base import make_server, read_state_key
from sanca.mcp_adapters.server.changes import Changes
from sanca.mcp_adapters.server.prompts import Prompts
from sanca.mcp_adapters.server.resources import Resources
from sanca.mcp_adapters.server.run_tasks import RunTasks
from sanca.mcp_adapters.server.run_tools import RunTools
from sanca.mcp_adapters.server.sessions import SessionBook
from sanca.mcp_adapters.server.settings import McpServerSettings
from sanca.mcp_adapters.server.tasks import add_tasks
from sanca.mcp_adapters.server.toolkit_tools import ToolkitTools
from sanca.mcp_adapters.server.who import Context, Presence

log = structlog.get_logger(__name__)

_NOBODY = Caller(user="", rights=(), channel="mcp")
_INSTRUCTIONS = (
    "An agent that looks after systems: `ask` it in plain words. It works for seconds or minutes, asks a person before "
    "it changes anything, and says what its answer rests on. A run that takes longer than a request goes on: "
    "`run_status` and `list_runs` find it again."
)


class AgentServer:
    """Implements `ServedServer` over the engine. Used from the engine's event loop."""

    def __init__(
        self, runner: AgentRunner, settings: DoorSettings, limits: McpServerSettings, local: Identity | None = None
    ) -> None:
        """Make it; nothing is asked of the engine yet.

        Args:
            runner: The engine.
            settings: Name, version and state folder.
            limits: What is offered, and for how long is waited.
            local: Who speaks where there are no HTTP requests (standard input).
        """
        self._presence = Presence(local)
        self._runner = runner
        self._seconds = limits.watch_seconds
        self._changes = Changes(limits.streams)
        self._own = {tool.definition.name: tool for tool in RunTools(runner, limits, self._presence).all()}
        self._toolkits = ToolkitTools(runner, limits, self._presence, tuple(self._own))
        self._server = self._make(settings)
        self._watch: asyncio.Task[None] | None = None

    @property
    def server(self) -> Server[Any]:
        """The SDK's server."""
        return self._server

    def attach(self, sessions: SessionBook) -> None:
        """Take the book of sessions."""
        self._presence.sessions = sessions
        self._changes.attach(sessions)

    async def open(self) -> None:
        """Begin to watch the toolkits, where any are offered."""
        if self._toolkits.is_offered:
            self._watch = asyncio.create_task(self._watch_toolkits(), name="mcp toolkits")

    async def close(self) -> None:
        """Stop watching and end the streams; runs go on."""
        self._presence.is_closing = True
        if self._watch is not None:
            self._watch.cancel()
        self._changes.close()

    def _make(self, settings: DoorSettings) -> Server[Any]:
        resources, prompts = Resources(self._runner, self._presence), Prompts(self._runner, self._presence)
        server = make_server(
            settings.name,
            settings.version,
            self._presence,
            self._changes,
            read_state_key(settings.home),
            instructions=_INSTRUCTIONS,
            description=settings.description or None,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=resources.list,
            on_list_resource_templates=resources.templates,
            on_read_resource=resources.read,
            on_list_prompts=prompts.list,
            on_get_prompt=prompts.get,
        )
        server.middleware.append(in_wire_errors)
        add_tasks(server, RunTasks(self._runner, self._presence))
        return server

    async def _list_tools(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        self._changes.remember(ctx)
        own = [tool.definition for tool in self._own.values()] if self._presence.identity(ctx).may(ASK) else []
        return types.ListToolsResult(tools=[*own, *await self._toolkits.list(ctx)])

    async def _call_tool(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult | dict[str, Any]:
        own = self._own.get(params.name)
        try:
            result = await (own.call if own else self._toolkits.call)(ctx, params)
        except AccessError:
            raise
        except SancaError as error:  # a refusal that whoever called can act on is a result, not a broken protocol
            return types.CallToolResult(content=[types.TextContent(text=sentence_of(error))], is_error=True)
        if result is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:200]!r}.")
        return result

    async def _watch_toolkits(self) -> None:
        known = await self._toolkits.names(_NOBODY)
        while True:
            await anyio.sleep(self._seconds)
            try:
                now = await self._toolkits.names(_NOBODY)
            except SancaError as error:
                log.warning("mcp_toolkits_not_read", reason=str(error))
                continue
            if now != known:
                known = now
                await self._changes.tell(ToolsListChanged())


async def in_wire_errors(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Turn our errors into the protocol's, and what broke inside into one sentence: no peer reads a traceback."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except SancaError as error:
        raise MCPError(status_of(error).json_rpc, sentence_of(error)) from error
    except Exception as error:
        log.exception("mcp_request_failed", method=ctx.method)
        raise MCPError(types.INTERNAL_ERROR, INSIDE) from error
