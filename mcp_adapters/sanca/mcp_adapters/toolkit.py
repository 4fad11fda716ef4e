"""One MCP server as a toolkit: `mcp.<server>`. Speaks MCP through its connection; decides nothing about approval."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from sanca.core.errors import ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import CallContext, Effect, ToolDefinition, ToolkitDefinition
from sanca.core.untrusted import plain_name, plain_text
from sanca.mcp_adapters.connection import McpConnection
from sanca.mcp_adapters.mapping import DESCRIPTION_CHARS, TOOLS_LIMIT, McpTool, map_tools, value_of

if TYPE_CHECKING:
    from mcp import Client, MCPError
    from mcp_types import Tool

log = structlog.get_logger(__name__)


class McpToolkit:
    """A toolkit over one MCP server. `open` connects and reads the tools; a lost server is connected anew at a call."""

    def __init__(self, server: str, entry: McpServerEntry) -> None:
        self._entry = entry
        self._name = f"mcp.{plain_name(server)}"
        self._connection = McpConnection(f"The MCP server {server!r}", entry)
        self._tools: dict[str, McpTool] = {}
        self._client: Client | None = None
        self._description = ""

    @property
    def definition(self) -> ToolkitDefinition:
        """Name and tools as of the last connection; no tools before the first."""
        tools = tuple(tool.definition for tool in self._tools.values())
        return ToolkitDefinition(name=self._name, description=self._description, source="mcp", tools=tools)

    async def open(self) -> None:
        """Connect and read the tools.

        Raises:
            ToolFailedError: The server cannot be started or reached.
        """
        await self._ready_client()

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Run one of the server's tools.

        A call whose connection breaks is repeated once if it only reads or is idempotent; else what it did is unknown.

        Raises:
            ToolError: Says what the server said.
        """
        label = f"{self._name}.{tool}"
        try:
            return await self._call_once(tool, arguments, context, label)
        except _ConnectionLostError as lost:
            if not lost.may_repeat:
                message = f"The connection to {self._name} was lost during {tool}; whether it took effect is not known."
                raise ToolFailedError(message, tool_name=label, kind="unknown") from lost
        try:
            return await self._call_once(tool, arguments, context, label)
        except _ConnectionLostError as lost:
            message = f"The connection to {self._name} was lost twice during {tool}."
            raise ToolFailedError(message, tool_name=label, kind="unavailable", retryable=True) from lost

    async def close(self) -> None:
        """Disconnect and end the server's process."""
        await self._connection.close()

    async def _call_once(self, tool: str, arguments: Mapping[str, Any], context: CallContext, label: str) -> Any:
        from mcp import MCPError  # loaded with the connection

        client = await self._ready_client()
        found = self._find(tool)
        seconds = min(context.timeout_seconds, self._entry.timeout_seconds)
        try:
            result = await client.call_tool(found.remote_name, dict(arguments), read_timeout_seconds=seconds)
        except MCPError as error:
            raise self._translate(error, client, found.definition, label) from error
        except (ValueError, RuntimeError) as error:  # the SDK's word for an answer that is not of the agreed form
            message = f"{label} answered in a form that its schema does not allow: {plain_text(error, 300)}"
            raise ToolFailedError(message, tool_name=label) from error
        return value_of(result, found, label)

    async def _ready_client(self) -> Client:
        client = await self._connection.client()
        if client is not self._client:
            await self._read_tools(client)
            self._client = client
        return client

    async def _read_tools(self, client: Client) -> None:
        from mcp import MCPError

        tools: list[Tool] = []
        cursor: str | None = None
        try:
            while len(tools) < TOOLS_LIMIT:
                page = await client.list_tools(cursor=cursor)
                tools.extend(page.tools)
                cursor = page.next_cursor
                if not cursor:
                    break
        except MCPError as error:
            self._connection.drop(client)
            message = f"{self._name} did not list its tools: {plain_text(error, 300)}"
            raise ToolFailedError(message, kind="unavailable", retryable=True) from error
        self._tools = map_tools(tools, self._entry.timeout_seconds)
        info = client.server_info
        said = client.instructions or (info.description if info else "") or (info.title if info else "")
        self._description = plain_text(said or f"Tools of the MCP server {self._name}.", DESCRIPTION_CHARS)

    def _find(self, tool: str) -> McpTool:
        if tool in self._tools:
            return self._tools[tool]
        near = difflib.get_close_matches(tool, self._tools, n=3)
        raise ToolNotFoundError(f"{self._name} has no tool {tool!r}.", tool_name=tool, near=near)

    def _translate(self, error: MCPError, client: Client, definition: ToolDefinition, label: str) -> Exception:
        from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, REQUEST_TIMEOUT

        if error.code == CONNECTION_CLOSED:
            self._connection.drop(client)
            log.warning("mcp_call_lost", tool=label)
            return _ConnectionLostError(may_repeat=definition.idempotent or definition.effect is Effect.READ)
        said = plain_text(error.message, 1000)
        if error.code == REQUEST_TIMEOUT:
            return ToolFailedError(f"{label} did not finish in time.", tool_name=label, kind="timeout")
        if error.code == INVALID_PARAMS:
            return ToolArgumentError(f"{label} refused its arguments: {said}", tool_name=label)
        return ToolFailedError(f"{label} failed: {said}", tool_name=label)


class _ConnectionLostError(Exception):
    def __init__(self, *, may_repeat: bool) -> None:
        self.may_repeat = may_repeat
        super().__init__("connection lost")
