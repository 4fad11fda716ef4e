"""One connection to an MCP server: opened when needed, opened anew when lost. Knows no tools.

The SDK's client lives in task groups, which must be entered and left by one task. That task is the owner; it waits
until the connection is over, while other tasks call through the client.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from sanca.core.errors import ToolFailedError
from sanca.core.toolkits_file import McpServerEntry, is_loopback
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.stderr_tail import StderrTail

if TYPE_CHECKING:
    from mcp import Client

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_CLOSE_SECONDS = 8.0
"""The SDK gives a server two seconds to end, two after SIGTERM and two after SIGKILL."""


class McpConnection:
    """Hands out a living client. Used from one event loop; `close` ends the server."""

    def __init__(self, label: str, entry: McpServerEntry) -> None:
        self._label = label
        self._entry = entry
        self._opening = asyncio.Lock()
        self._owner: _Owner | None = None
        self._failures = 0
        self._not_before = 0.0
        self._is_closed = False

    async def client(self) -> Client:
        """Return the living client, connecting first where there is none.

        Raises:
            ToolFailedError: The server cannot be started or reached, or failed a moment ago.
        """
        async with self._opening:
            if self._is_closed:
                raise _unavailable(f"{self._label} is closed.")
            if self._owner is not None and self._owner.is_alive:
                return self._owner.client
            await self._end_owner()
            self._check_pause()
            return await self._connect()

    def drop(self, client: Client) -> None:
        """Say that this client's connection is lost; the next `client()` connects anew."""
        if self._owner is not None and self._owner.is_alive and self._owner.client is client:
            self._owner.stop()

    async def close(self) -> None:
        """Disconnect and end the server's process."""
        async with self._opening:
            self._is_closed = True
            await self._end_owner()

    async def _connect(self) -> Client:
        owner = _Owner(self._label, self._entry)
        try:
            client = await owner.start()
        except ToolFailedError:
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures)
            self._failures += 1
            self._not_before = time.monotonic() + pause
            raise
        self._failures, self._owner = 0, owner
        log.info("mcp_connected", server=self._label, protocol=client.protocol_version)
        return client

    def _check_pause(self) -> None:
        pause = self._not_before - time.monotonic()
        if pause > 0:
            raise _unavailable(f"{self._label} could not be reached; next try in {pause:.1f} seconds.")

    async def _end_owner(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.end()


class _Owner:
    """The task that holds one client open, from its connecting to its end."""

    def __init__(self, label: str, entry: McpServerEntry) -> None:
        self._label = label
        self._entry = entry
        self._over = asyncio.Event()
        self._scope = anyio.CancelScope()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._last_words: Callable[[], str] = str

    @property
    def client(self) -> Client:
        """The client, once started."""
        return self._ready.result()

    @property
    def is_alive(self) -> bool:
        """Whether the connection is up, as far as is known."""
        return self._task is not None and not self._task.done() and not self._over.is_set()

    async def start(self) -> Client:
        """Connect.

        Raises:
            ToolFailedError: Says why not.
        """
        self._task = asyncio.create_task(self._hold(), name=f"mcp {self._label}")
        try:
            return await asyncio.shield(self._ready)
        except asyncio.CancelledError:
            self._scope.cancel()
            raise

    def stop(self) -> None:
        """Let the task end; returns at once."""
        self._over.set()

    async def end(self) -> None:
        """Let the task end and wait for it."""
        self._over.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_CLOSE_SECONDS)

    async def _hold(self) -> None:
        # The deadline sits on the outermost scope: one around the entering alone would not nest with the client's own.
        self._scope.deadline = anyio.current_time() + self._entry.start_timeout_seconds
        error: BaseException | None = None
        try:
            with self._scope:
                async with AsyncExitStack() as stack:
                    client = await self._enter(stack)
                    self._scope.deadline = math.inf
                    self._ready.set_result(client)
                    await self._over.wait()
        except Exception as raised:
            error = raised
        self._over.set()
        self._report(error)

    def _report(self, error: BaseException | None) -> None:
        if self._ready.done():
            if error is not None:
                log.warning("mcp_connection_lost", server=self._label, reason=_reason(error))
            return
        limit = f"it did not answer within {self._entry.start_timeout_seconds:g} seconds"
        why = self._last_words() or (_reason(error) if error else limit)
        self._ready.set_exception(_unavailable(f"{self._label} cannot be reached: {why}."))

    async def _enter(self, stack: AsyncExitStack) -> Client:
        from mcp import Client  # costs a second: loaded with the first server

        transport = self._by_url(stack) if self._entry.url else self._by_command(stack)
        return await stack.enter_async_context(Client(transport, read_timeout_seconds=self._entry.timeout_seconds))

    def _by_url(self, stack: AsyncExitStack) -> Any:
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        headers = {name: value.get_secret_value() for name, value in self._entry.headers.items()}
        timeout = httpx2.Timeout(self._entry.start_timeout_seconds, read=self._entry.timeout_seconds)
        http_client = httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=not is_loopback(self._entry.url))
        stack.push_async_callback(http_client.aclose)
        return streamable_http_client(self._entry.url, http_client=http_client)

    def _by_command(self, stack: AsyncExitStack) -> Any:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        tail = StderrTail(on_end=self.stop)
        stack.callback(tail.close)
        self._last_words = tail.last_line
        parameters = StdioServerParameters(
            command=self._entry.command,
            args=list(self._entry.args),
            env={name: value.get_secret_value() for name, value in self._entry.env.items()},
            cwd=self._entry.cwd,
        )
        return _started(stdio_client(parameters, errlog=tail.file), tail)


@asynccontextmanager
async def _started(transport: Any, tail: StderrTail) -> AsyncIterator[Any]:
    """The stdio transport; lets go of our end of the child's standard error once the child has it."""
    async with transport as streams:
        tail.child_started()
        yield streams


def _unavailable(message: str) -> ToolFailedError:
    return ToolFailedError(message, kind="unavailable", retryable=True)


def _reason(error: BaseException) -> str:
    """Return the first real cause of a group, in short."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no command {error.filename!r}" if error.filename else "there is no such command"
    return plain_text(error, 300).rstrip(".") or type(error).__name__
