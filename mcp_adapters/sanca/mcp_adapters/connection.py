"""One connection to an MCP server: opened when needed, opened anew when lost. Knows no tools.

The SDK's client lives in task groups, which must be entered and left by one task. That task is the owner; it waits
until the connection is over, while other tasks call through the client.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from sanca.core.errors import SancaError, ToolFailedError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.call_context import clean_context
from sanca.mcp_adapters.stderr_tail import StderrTail

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client.session import ElicitationFnT

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_CLOSE_SECONDS = 8.0
"""A server has two seconds to end, two after SIGTERM and two after SIGKILL."""
_SETTLE_SECONDS = 0.5
"""A server that says often that its tools changed is listened to so often at most."""
_LOG_LINES = 100
"""Of a server's own log, for one connection."""
_LOG_CHARS = 500
_AUTO = "auto"
_MODES = {_AUTO: _AUTO, "2025-11-25": "legacy"}
"""How the SDK calls an entry's `protocol`; a version of today is its own name."""


@dataclass(frozen=True)
class Listener:
    """Who hears what a server says without being asked, and answers what it asks."""

    elicit: ElicitationFnT
    changed: Callable[[Client], Awaitable[None]]
    """Its tools, prompts or resources are others now."""
    reached: Callable[[str], Awaitable[None]]
    """It was reached (empty), or was not: why."""


class McpConnection:
    """Hands out a living client. Used from one event loop; `close` ends the server."""

    def __init__(self, server: str, entry: McpServerEntry, home: Path, listener: Listener) -> None:
        self.label = f"The MCP server {server!r}"
        self._server = server
        self._entry = entry
        self._home = home
        self._listener = listener
        self._opening = asyncio.Lock()
        self._owner: _Owner | None = None
        self._failures = 0
        self._not_before = 0.0
        self._why = ""
        self._is_closed = False

    @property
    def living(self) -> Client | None:
        """The client if the connection is up, as far as is known."""
        return self._owner.client if self._owner is not None and self._owner.is_alive else None

    async def client(self) -> Client:
        """Return the living client, connecting first where there is none.

        Raises:
            ToolFailedError: The server cannot be started or reached, or failed a moment ago.
        """
        async with self._opening:
            if self._is_closed:
                raise _unavailable(f"{self.label} is closed.")
            if (living := self.living) is not None:
                return living
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
        owner = _Owner(self._server, self.label, self._entry, self._home, self._listener)
        try:
            client = await owner.start()
        except ToolFailedError as error:
            # Spread out, so that many engines do not come back to one server in step.
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**self._failures) * random.uniform(0.75, 1.25)  # noqa: S311
            self._failures = min(self._failures + 1, 10)
            self._not_before, self._why = time.monotonic() + pause, str(error)
            await self._listener.reached(f"{error} Tried {self._failures} times in a row.")
            raise
        self._failures, self._why, self._owner = 0, "", owner
        await self._listener.reached("")
        log.info("mcp_connected", server=self.label, protocol=client.protocol_version)
        return client

    def _check_pause(self) -> None:
        pause = self._not_before - time.monotonic()
        if pause > 0:
            raise _unavailable(f"{self._why.rstrip('.')}; next try in {pause:.1f} seconds.")

    async def _end_owner(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.end()


class _Owner:
    """The task that holds one client open, from its connecting to its end."""

    def __init__(self, server: str, label: str, entry: McpServerEntry, home: Path, listener: Listener) -> None:
        self._server = server
        self._label = label
        self._entry = entry
        self._home = home
        self._listener = listener
        self._over = asyncio.Event()
        self._changed = asyncio.Event()
        self._scope = anyio.CancelScope()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        self._last_words: Callable[[], str] = str
        self._logged = 0

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
        # In a context of its own: what this server asks later does not belong to the call that happened to come first.
        self._task = asyncio.create_task(self._hold(), name=f"mcp {self._label}", context=clean_context())
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
                    await self._stay(client)
        except Exception as raised:
            error = raised
        self._over.set()
        self._report(error)

    async def _stay(self, client: Client) -> None:
        """Listen until the connection is over."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear_changes, client)
            if client.protocol_version not in _LEGACY and _says_changes(client):
                tasks.start_soon(self._listen, client)
            await self._over.wait()
            tasks.cancel_scope.cancel()

    async def _hear_changes(self, client: Client) -> None:
        while True:
            await self._changed.wait()
            await anyio.sleep(_SETTLE_SECONDS)
            self._changed.clear()
            try:
                await self._listener.changed(client)
            except SancaError as error:
                log.warning("mcp_changes_not_read", server=self._label, reason=str(error))

    async def _listen(self, client: Client) -> None:
        """Keep a stream of changes open (2026-07-28); begin anew when it is lost, and give up where it is refused."""
        from mcp import MCPError
        from mcp.client.subscriptions import SubscriptionLost

        pause = 1.0
        while True:
            try:
                async with client.listen(tools_list_changed=True) as changes:
                    pause = 1.0
                    async for _ in changes:
                        self._changed.set()
                return
            except (SubscriptionLost, TimeoutError):
                await anyio.sleep(pause)
                pause = min(60.0, pause * 2)
                self._changed.set()  # what was said meanwhile is lost
            except MCPError:
                return

    def _report(self, error: BaseException | None) -> None:
        from sanca.mcp_adapters.transports import reason_of

        if self._ready.done():
            if error is not None:
                log.warning("mcp_connection_lost", server=self._label, reason=reason_of(error))
            return
        limit = f"it did not answer within {self._entry.start_timeout_seconds:g} seconds"
        why = self._last_words() or (reason_of(error) if error else limit)
        self._ready.set_exception(_unavailable(f"{self._label} cannot be reached: {why}."))

    async def _enter(self, stack: AsyncExitStack) -> Client:
        from mcp import Client  # costs a second: loaded with the first server
        from mcp_types import Implementation
        from sanca.mcp_adapters.tasks import TasksExtension
        from sanca.mcp_adapters.transports import quiet_sdk

        quiet_sdk()
        transport = await self._by_url(stack) if self._entry.url else self._by_command(stack)
        client = Client(
            transport,
            read_timeout_seconds=self._entry.timeout_seconds,
            elicitation_callback=self._listener.elicit,
            logging_callback=self._log,
            log_level="warning",
            message_handler=self._hear,
            client_info=Implementation(name="sanca", version="1"),
            mode=_MODES.get(self._entry.protocol, self._entry.protocol),
            extensions=[TasksExtension()],
        )
        return await stack.enter_async_context(client)

    async def _by_url(self, stack: AsyncExitStack) -> Any:
        from sanca.mcp_adapters.oauth import auth_of
        from sanca.mcp_adapters.transports import url_transport

        return await url_transport(self._entry, stack, auth_of(self._server, self._entry, self._home))

    def _by_command(self, stack: AsyncExitStack) -> Any:
        from sanca.mcp_adapters.stdio_transport import stdio_transport

        tail = StderrTail(on_end=self.stop)
        stack.callback(tail.close)
        self._last_words = tail.last_line
        return stdio_transport(self._label, self._entry, tail)

    async def _hear(self, message: Any) -> None:
        """Take note of a notification (2025-11-25)."""
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            self._changed.set()

    async def _log(self, params: Any) -> None:
        """Write down what the server logs, not too much of it."""
        self._logged += 1
        if self._logged <= _LOG_LINES and params.level not in {"debug", "info"}:
            text = plain_text(params.data, _LOG_CHARS)
            log.info("mcp_server_says", server=self._label, level=params.level, text=text)


_LEGACY = frozenset({"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})


def _says_changes(client: Client) -> bool:
    tools = client.server_capabilities.tools
    return bool(tools and tools.list_changed)


def _unavailable(message: str) -> ToolFailedError:
    return ToolFailedError(message, kind="unavailable", retryable=True)
