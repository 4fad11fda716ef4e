"""An MCP server as a child process: lines of JSON over its pipes, bounded, and an end that leaves no process behind.

The SDK's own stdio transport has no bound for a line and logs every line that is not JSON; a server that floods or lies
must hurt only itself. The order of the end is the protocol's: close its input, wait, SIGTERM, SIGKILL.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.abc
import structlog
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification, jsonrpc_message_adapter
from sanca.core.toolkits_file import McpServerEntry
from sanca.mcp_adapters.stderr_tail import StderrTail

log = structlog.get_logger(__name__)

LINE_BYTES = 12 * 1024 * 1024
"""One message at most: the largest result that is taken has 8 MB."""
_READ_BYTES = 262_144
_GRACE_SECONDS = 2.0
_NOISE_AT_ONCE = 2000
_NOISE_PER_SECOND = 200.0
"""Notifications and lines that are no messages: what comes faster waits in the pipe, and so does the server."""


@asynccontextmanager
async def stdio_transport(label: str, entry: McpServerEntry, tail: StderrTail) -> AsyncIterator[Any]:
    """Start the server and give its two streams of messages.

    Raises:
        OSError: It cannot be started.
    """
    environment = get_default_environment() | {name: value.get_secret_value() for name, value in entry.env.items()}
    process = await anyio.open_process(
        [entry.command, *entry.args], env=environment, cwd=entry.cwd, stderr=tail.file, start_new_session=True
    )
    # No await until the task group is entered: a cancellation in between would leave the process behind.
    tail.child_started()
    to_session, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, label, process, to_session)
        tasks.start_soon(_write, process, from_session, to_session)
        try:
            yield incoming, outgoing
        finally:
            with anyio.CancelScope(shield=True):
                incoming.close()
                outgoing.close()
                await _end(process)
            tasks.cancel_scope.cancel()


class Lines:
    """Cuts bytes into lines, none longer than the limit."""

    def __init__(self, limit_bytes: int = LINE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now.

        Raises:
            ValueError: One is too long.
        """
        *ended, rest = data.split(b"\n")
        whole: list[bytes] = []
        for piece in ended:
            self._keep(piece)
            whole.append(b"".join(self._pieces))
            self._pieces, self._size = [], 0
        self._keep(rest)
        return whole

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit_bytes:
            self._pieces = []
            raise ValueError(f"it sent a message of more than {self._limit_bytes:,} bytes")
        self._pieces.append(piece)


class Noise:
    """Lets through so much at once and so much a second of what nobody asked for."""

    def __init__(self) -> None:
        self._left = float(_NOISE_AT_ONCE)
        self._at = anyio.current_time()

    async def pass_one(self) -> None:
        """Wait until one more may pass."""
        now = anyio.current_time()
        self._left = min(float(_NOISE_AT_ONCE), self._left + (now - self._at) * _NOISE_PER_SECOND) - 1
        self._at = now
        if self._left < 0:
            await anyio.sleep(-self._left / _NOISE_PER_SECOND)


async def _read(label: str, process: anyio.abc.Process, to_session: Any) -> None:
    assert process.stdout is not None  # noqa: S101 - opened with pipes
    lines, noise, junk = Lines(), Noise(), 0
    async with to_session:
        with suppress(
            anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, ConnectionError
        ):  # the session or the server is gone
            while True:
                try:
                    whole = lines.feed(await process.stdout.receive(_READ_BYTES))
                except ValueError as error:
                    log.warning("mcp_message_too_long", server=label, reason=str(error))
                    return
                for line in whole:
                    message = _message(line)
                    if message is None:
                        junk += bool(line.strip())
                        if junk == 1:
                            log.warning("mcp_line_is_no_message", server=label)
                        await noise.pass_one()
                        continue
                    if isinstance(message.message, JSONRPCNotification):
                        await noise.pass_one()
                    await to_session.send(message)


def _message(line: bytes) -> SessionMessage | None:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except (ValueError, RecursionError):
        return None


async def _write(process: anyio.abc.Process, from_session: Any, to_session: Any) -> None:
    assert process.stdin is not None  # noqa: S101 - opened with pipes
    try:
        async with from_session:
            async for message in from_session:
                json = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.stdin.send(json.encode() + b"\n")
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        await to_session.aclose()  # the session sees the end instead of waiting for an answer


async def _end(process: anyio.abc.Process) -> None:
    """Close the server's input; end the whole process group when that is not enough."""
    assert process.stdin is not None  # noqa: S101 - opened with pipes
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.stdin.aclose()
    if not await _ended_within(process, _GRACE_SECONDS):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, how)
            if await _ended_within(process, _GRACE_SECONDS):
                break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # children it left in its group
    with anyio.move_on_after(_GRACE_SECONDS):
        await process.aclose()


async def _ended_within(process: anyio.abc.Process, seconds: float) -> bool:
    # Not wait(): it also waits for the pipes, which a grandchild may hold.
    end = anyio.current_time() + seconds
    while process.returncode is None:
        if anyio.current_time() > end:
            return False
        await anyio.sleep(0.01)
    return True
