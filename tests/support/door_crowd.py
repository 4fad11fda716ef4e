"""Many clients at once on raw sockets: cheap enough that the engine is what is measured. Speaks just enough HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

QUESTION = "what is 12% of 85?"
ANSWER = "10.2"


@dataclass(frozen=True)
class Reply:
    """What came back on one connection."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the one message: a body, or the last event of a stream."""
        if "text/event-stream" not in self.headers.get("content-type", ""):
            return json.loads(self.body)
        lines = [line[5:] for line in self.body.splitlines() if line.startswith(b"data:") and line[5:].strip()]
        return json.loads(lines[-1])


class Door:
    """One HTTP server, and who we are there."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        self._headers = {"host": f"{self.host}:{self.port}", "connection": "close", **headers}

    def request(self, path: str, body: Any = None, **headers: str) -> bytes:
        """Return a request in bytes: a POST of JSON, or of bytes as they are; a GET without a body."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent = {"content-type": "application/json", **sent, "content-length": str(len(content))}
        lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in sent.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + content

    async def ask(self, request: bytes, seconds: float = 300) -> Reply:
        """Send a request and read its answer to the end."""
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                body = await (_chunks(reader) if "chunked" in headers.get("transfer-encoding", "") else reader.read())
                return Reply(int(head[0].split()[1]), headers, body)
            finally:
                await _close(writer)

    async def glance(self, request: bytes, seconds: float = 60, stream_seconds: float = 0.5) -> Reply | None:
        """Send a request and read its answer, of a stream only what comes in a moment; None: it just hung up."""
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                body = bytearray()
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                is_stream = "text/event-stream" in headers.get("content-type", "")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(stream_seconds if is_stream else None):
                        while piece := await reader.read(65_536):
                            body += piece
                return Reply(int(head[0].split()[1]), headers, bytes(body))
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            finally:
                writer.transport.abort()

    async def drop_after(self, request: bytes, count: int) -> None:
        """Send a request, read so many bytes of the answer and break off; none: do not even wait for it."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(request)
        with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            async with asyncio.timeout(60):
                await reader.readexactly(count)
        writer.transport.abort()

    async def read_slowly(self, request: bytes, over: asyncio.Event) -> None:
        """Send a request and read a byte a second, until the others are done."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1)
        writer.write(request)
        while not over.is_set():
            await reader.read(1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1)
        writer.transport.abort()

    async def say_half(self, request: bytes, over: asyncio.Event) -> None:
        """Send half of a request and wait for nothing, until the others are done."""
        _, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(request[: len(request) // 2])
        await over.wait()
        writer.transport.abort()


def a2a_stream(door: Door, number: int) -> bytes:
    """Return the request for a streamed answer over A2A."""
    message = {"messageId": f"crowd-{number}", "role": "ROLE_USER", "parts": [{"text": QUESTION}]}
    call = {"jsonrpc": "2.0", "id": number, "method": "SendStreamingMessage", "params": {"message": message}}
    return door.request("/a2a", call, a2a_version="1.0", accept="text/event-stream")


def mcp_call(door: Door, number: int, method: str, params: dict[str, Any]) -> bytes:
    """Return a request of MCP's newer generation, which needs no session."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": f"crowd-{number}", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": meta}}
    named = {"mcp_name": params["name"]} if "name" in params else {}
    accept = "application/json, text/event-stream"
    return door.request("/mcp", call, mcp_protocol_version="2026-07-28", mcp_method=method, accept=accept, **named)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        found += await reader.readexactly(size)
        await reader.readexactly(2)
    return bytes(found)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
