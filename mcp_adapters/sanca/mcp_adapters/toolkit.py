"""One MCP server as a toolkit: `mcp.<server>`. Speaks MCP through its connection; decides nothing about approval."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from sanca.core.errors import ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.ports import ToolkitHost
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import CallContext, Effect, ToolDefinition, ToolkitDefinition
from sanca.core.untrusted import plain_name, plain_text
from sanca.mcp_adapters.call_context import OpenCall, OpenCalls
from sanca.mcp_adapters.connection import Listener, McpConnection
from sanca.mcp_adapters.elicitation import Elicitation
from sanca.mcp_adapters.further_tools import call_further
from sanca.mcp_adapters.known_tools import KnownTools
from sanca.mcp_adapters.mapping import McpTool, value_of

if TYPE_CHECKING:
    from mcp import Client, MCPError

log = structlog.get_logger(__name__)

_A_DAY_SECONDS = 86_400.0
"""The SDK's own limit for an answer; ours stands still while a person is asked."""


class McpToolkit:
    """A toolkit over one MCP server.

    What is known of its tools is shown at once; the server is started or reached with the first call, or when nothing
    is known of it. A lost server is connected anew at a call.
    """

    def __init__(self, server: str, entry: McpServerEntry, home: Path, strangers: Collection[str] = ()) -> None:
        """Hold a server; nothing is started.

        Args:
            server: Its name in `toolkits.json`.
            entry: What it says there.
            home: The state folder.
            strangers: Names of other toolkits, of which this server's descriptions must not speak.
        """
        self._entry = entry
        self._name = f"mcp.{plain_name(server)}"
        self._known = KnownTools(server, self._name, entry, home, strangers)
        self._calls = OpenCalls()
        self._elicitation = Elicitation(f"The MCP server {server!r}", self._calls)
        listener = Listener(self._elicitation.answer, self._read_tools, self._note_reached)
        self._connection = McpConnection(server, entry, home, listener)
        self._host: ToolkitHost | None = None
        self._reading = asyncio.Lock()
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, host: ToolkitHost) -> None:
        """Take who can ask a person and tell the administrator."""
        self._host = self._elicitation.host = host

    @property
    def definition(self) -> ToolkitDefinition:
        """Name and tools as of the last connection and what an administrator agreed to; none before the first."""
        self._look()
        tools = tuple(self._known.definitions())
        return ToolkitDefinition(name=self._name, description=self._known.description, source="mcp", tools=tools)

    async def open(self) -> None:
        """Show what is known of the server; connect when that is nothing, or of another entry.

        Raises:
            ToolFailedError: The server cannot be started or reached.
        """
        self._loop = asyncio.get_running_loop()
        if self._known.recall():
            await self._tell_notices()
        else:
            await self._ready_client()

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Run one of the server's tools.

        A call whose connection breaks is repeated once if it only reads or is idempotent; else what it did is unknown.

        Raises:
            ToolError: Says what the server said.
        """
        label = f"{self._name}.{tool}"
        seconds = min(context.timeout_seconds, self._entry.timeout_seconds)
        with anyio.CancelScope(deadline=anyio.current_time() + seconds) as scope:
            call = OpenCall(context, label, scope)
            with self._calls.entered(call):
                return await self._call(call, tool, arguments)
        how_far = f" It had said: {call.progress}." if call.progress else ""
        raise ToolFailedError(f"{label} did not finish in time.{how_far}", tool_name=label, kind="timeout")

    async def close(self) -> None:
        """Disconnect and end the server's process."""
        await self._connection.close()

    async def _call(self, call: OpenCall, tool: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return await self._call_once(call, tool, arguments)
        except _ConnectionLostError as lost:
            if not lost.may_repeat:
                message = f"The connection to {self._name} was lost during {tool}; whether it took effect is not known."
                raise ToolFailedError(message, tool_name=call.label, kind="unknown") from lost
        except _AskedToOpenError:
            log.info("mcp_links_opened", tool=call.label)
        try:
            return await self._call_once(call, tool, arguments)
        except (_ConnectionLostError, _AskedToOpenError) as lost:
            what = "was lost twice" if isinstance(lost, _ConnectionLostError) else "asks for the same again"
            message = f"The connection to {self._name} {what} during {tool}."
            raise ToolFailedError(message, tool_name=call.label, kind="unavailable", retryable=True) from lost

    async def _call_once(self, call: OpenCall, tool: str, arguments: Mapping[str, Any]) -> Any:
        client = await self._ready_client()
        self._look()
        if (further := self._known.further.get(tool)) is not None:
            return await self._guarded(client, call, further, lambda: call_further(client, tool, arguments, call.label))
        found = self._find(tool)
        result = await self._guarded(client, call, found.definition, lambda: self._send(client, call, found, arguments))
        return value_of(result, found, call.label)

    async def _send(self, client: Client, call: OpenCall, found: McpTool, arguments: Mapping[str, Any]) -> Any:
        if found.must_be_task:
            from sanca.mcp_adapters.tasks import call_as_task

            return await call_as_task(client.session, found.remote_name, dict(arguments), _A_DAY_SECONDS)

        async def note(progress: float, total: float | None, message: str | None) -> None:
            of = f" of {total:g}" if total is not None else ""
            call.progress = plain_text(f"{progress:g}{of} {message or ''}".strip(), 200)

        return await client.call_tool(
            found.remote_name, dict(arguments), read_timeout_seconds=_A_DAY_SECONDS, progress_callback=note
        )

    async def _guarded(
        self, client: Client, call: OpenCall, definition: ToolDefinition, send: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Send, and say in our words what went wrong."""
        from mcp import InputRequiredRoundsExceededError, MCPError  # loaded with the connection
        from sanca.mcp_adapters.transports import reason_of

        try:
            return await send()
        except InputRequiredRoundsExceededError as error:
            message = f"{call.label} asked again and again, and was not content with any answer."
            raise ToolFailedError(message, tool_name=call.label) from error
        except MCPError as error:
            raise await self._translate(error, client, definition, call) from error
        except ExceptionGroup as group:
            raise ToolFailedError(f"{call.label} failed: {reason_of(group)}.", tool_name=call.label) from group
        except (ValueError, RuntimeError) as error:  # the SDK's word for an answer that is not of the agreed form
            message = f"{call.label} answered in a form that its schema does not allow: {plain_text(error, 300)}"
            raise ToolFailedError(message, tool_name=call.label) from error

    async def _ready_client(self) -> Client:
        client = await self._connection.client()
        if client is not self._client:
            async with self._reading:
                if client is not self._client:
                    await self._read_tools(client)
                    self._client = client
        return client

    async def _read_tools(self, client: Client) -> None:
        from mcp import MCPError
        from sanca.mcp_adapters.known_tools import read_listing

        try:
            listing = await read_listing(client)
        except (MCPError, ValueError, RuntimeError) as error:
            self._connection.drop(client)
            message = f"{self._name} did not list its tools: {plain_text(error, 300)}"
            await self._note_reached(message)
            raise ToolFailedError(message, kind="unavailable", retryable=True) from error
        self._known.take(listing)
        await self._tell_notices()

    def _look(self) -> None:
        """Take what an administrator has agreed to meanwhile; the notice about it is then settled."""
        if self._known.look() and self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._tell_notices(), self._loop)

    async def _note_reached(self, why: str) -> None:
        if self._host is not None:
            await self._host.tell_administrator(f"{self._name}.connection", why)

    async def _tell_notices(self) -> None:
        if self._host is not None:
            for code, text in self._known.notices().items():
                await self._host.tell_administrator(code, text)

    def _find(self, tool: str) -> McpTool:
        if (found := self._known.tools.get(tool)) is not None:
            return found
        if tool in self._known.withheld:
            message = (
                f"{self._name}.{tool} changed what it says of itself; an administrator has to agree to that first."
            )
            raise ToolFailedError(message, tool_name=tool, kind="unavailable")
        near = difflib.get_close_matches(tool, [*self._known.tools, *self._known.further], n=3)
        raise ToolNotFoundError(f"{self._name} has no tool {tool!r}.", tool_name=tool, near=near)

    async def _translate(
        self, error: MCPError, client: Client, definition: ToolDefinition, call: OpenCall
    ) -> Exception:
        from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, REQUEST_TIMEOUT, URL_ELICITATION_REQUIRED

        label, said = call.label, plain_text(error.message, 1000)
        if error.code == CONNECTION_CLOSED:
            self._connection.drop(client)
            log.warning("mcp_call_lost", tool=label)
            return _ConnectionLostError(may_repeat=definition.idempotent or definition.effect is Effect.READ)
        if error.code == URL_ELICITATION_REQUIRED:
            return await self._open_links(error, call)
        if error.code == REQUEST_TIMEOUT:
            return ToolFailedError(f"{label} did not finish in time.", tool_name=label, kind="timeout")
        if error.code == INVALID_PARAMS:
            return ToolArgumentError(f"{label} refused its arguments: {said}", tool_name=label)
        return ToolFailedError(f"{label} failed: {said}", tool_name=label)

    async def _open_links(self, error: MCPError, call: OpenCall) -> Exception:
        """Show the links that a server wants opened first (2025-11-25); agreed to, the call is made once more."""
        from mcp_types import ElicitationRequiredErrorData

        try:
            links = ElicitationRequiredErrorData.model_validate(error.error.data).elicitations
        except ValueError:
            links = []
        if await self._elicitation.offer_links(call, links):
            return _AskedToOpenError()
        return ToolFailedError(f"{call.label} wants a page opened first, and nobody did.", tool_name=call.label)


class _ConnectionLostError(Exception):
    def __init__(self, *, may_repeat: bool) -> None:
        self.may_repeat = may_repeat
        super().__init__("connection lost")


class _AskedToOpenError(Exception):
    """A person opened what the server wanted opened."""
