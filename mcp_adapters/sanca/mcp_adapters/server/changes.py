"""Who is told that a list changed: listeners of 2026-07-28 and sessions of the generation before. Watches nothing."""

from __future__ import annotations

import anyio
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from sanca.mcp_adapters.server.sessions import SessionBook
from sanca.mcp_adapters.server.who import Context

_TELL_SECONDS = 1.0
"""A client that reads no faster misses the news; the others do not wait for it."""
ListChange = ToolsListChanged | PromptsListChanged | ResourcesListChanged
_EVENTS_EACH = 64
"""A listener that lets more changes wait is let go: it listens again and reads the lists anew."""


class Changes:
    """Tells changes of lists. Used from the event loop only."""

    def __init__(self, streams: int) -> None:
        """Begin without listeners; at most so many listen at once."""
        self._bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(self._bus, max_subscriptions=streams, max_buffered_events=_EVENTS_EACH)
        """Serves `subscriptions/listen`."""
        self._sessions: dict[str, ServerSession] = {}
        self._local: ServerSession | None = None

    def attach(self, sessions: SessionBook) -> None:
        """Forget sessions as they end."""
        sessions.on_end(self._forget)

    def remember(self, ctx: Context) -> None:
        """Take the session of a request that read a list: it is told when the list changes."""
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return
        if ctx.request is None:
            self._local = ctx.session
        elif session_id := ctx.request.headers.get("mcp-session-id"):
            self._sessions[session_id] = ctx.session

    async def tell(self, change: ListChange) -> None:
        """Tell everybody; who cannot be reached is passed over."""
        await self._bus.publish(change)
        known = [*self._sessions.items(), *([("", self._local)] if self._local else [])]
        for session_id, session in known:
            try:
                with anyio.move_on_after(_TELL_SECONDS):
                    await _tell_session(session, change)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._forget(session_id)

    def close(self) -> None:
        """End every stream with its last message."""
        self.listen.close()

    def _forget(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)


async def _tell_session(session: ServerSession, change: ListChange) -> None:
    match change:
        case ToolsListChanged():
            await session.send_tool_list_changed()
        case PromptsListChanged():
            await session.send_prompt_list_changed()
        case _:
            await session.send_resource_list_changed()
