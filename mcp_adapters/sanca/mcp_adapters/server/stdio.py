"""MCP over standard input and output: an engine of one's own, or a bridge to the HTTP door of a running one.

Nothing but protocol goes to standard output; when standard input ends, so does this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types as types
import structlog
from mcp.client.streamable_http import streamable_http_client
from mcp.server.stdio import stdio_server
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
)
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from sanca.mcp_adapters.server.agent import AgentServer

log = structlog.get_logger(__name__)

Reader = ReadStream[SessionMessage | Exception]
Writer = WriteStream[SessionMessage]
_CONNECT_SECONDS = 10.0
_PARSE_ERROR = types.ErrorData(code=types.PARSE_ERROR, message="The line is not a JSON-RPC message.")


@asynccontextmanager
async def standard_streams() -> AsyncIterator[tuple[Reader, Writer]]:
    """Take standard input and output for the protocol; whatever else is printed goes to standard error meanwhile."""
    async with stdio_server() as (reader, writer):
        yield reader, writer


async def serve_streams(served: AgentServer, reader: Reader, writer: Writer) -> None:
    """Serve one client until its stream ends."""
    await served.open()
    try:
        server = served.server
        await server.run(reader, writer, server.create_initialization_options())
    finally:
        await served.close()


async def bridge_streams(url: str, token: str, reader: Reader, writer: Writer) -> None:
    """Carry messages between one client and the HTTP door of a running engine until the client's stream ends."""
    timeout = httpx2.Timeout(_CONNECT_SECONDS, read=None)  # a run may take its time; the door sends signs of life
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False) as http,
        streamable_http_client(url, http_client=http, max_sse_event_size=None) as (from_door, to_door),
        anyio.create_task_group() as tasks,
    ):
        route = _Route()
        tasks.start_soon(_carry_back, from_door, writer, route)
        async for message in reader:
            if isinstance(message, Exception):
                await writer.send(SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=None, error=_PARSE_ERROR)))
                continue
            metadata = ClientMessageMetadata(headers=route.headers_of(message.message))
            await to_door.send(SessionMessage(message.message, metadata=metadata))
        tasks.cancel_scope.cancel()


async def _carry_back(from_door: Reader, writer: Writer, route: _Route) -> None:
    async for message in from_door:
        if isinstance(message, Exception):
            log.warning("mcp_bridge_message_lost", reason=str(message))
            continue
        route.note(message.message)
        await writer.send(SessionMessage(message.message))


class _Route:
    """Says by which headers a message goes: those that the SDK's own client would set."""

    def __init__(self) -> None:
        self._version = ""
        self._initialize_id: types.RequestId | None = None

    def headers_of(self, message: types.JSONRPCMessage) -> dict[str, str]:
        """Return the headers of a message to the door."""
        if not isinstance(message, types.JSONRPCRequest | types.JSONRPCNotification):
            return self._handshake()
        params: Mapping[str, Any] = message.params or {}
        if message.method == "initialize" and isinstance(message, types.JSONRPCRequest):
            self._version, self._initialize_id = "", message.id
            return {}
        meta = params.get("_meta")
        version = meta.get(types.PROTOCOL_VERSION_META_KEY) if isinstance(meta, Mapping) else None
        if not isinstance(version, str):
            return self._handshake()
        headers = {MCP_PROTOCOL_VERSION_HEADER: version, MCP_METHOD_HEADER: message.method}
        key = "taskId" if message.method.startswith("tasks/") else NAME_BEARING_METHODS.get(message.method)
        if key and isinstance(name := params.get(key), str):
            headers[MCP_NAME_HEADER] = encode_header_value(name)
        return headers

    def note(self, message: types.JSONRPCMessage) -> None:
        """Read the version that `initialize` agreed on."""
        if isinstance(message, types.JSONRPCResponse) and message.id == self._initialize_id:
            self._version, self._initialize_id = str(message.result.get("protocolVersion", "")), None

    def _handshake(self) -> dict[str, str]:
        return {MCP_PROTOCOL_VERSION_HEADER: self._version} if self._version else {}
