"""Connections of the HTTP server: how many there may be, and how long one may take to say what it wants.

uvicorn bounds neither by itself: a client that sends a header a byte at a time would hold a place for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"
_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def guarded_protocol(limit: int, header_seconds: float) -> type[H11Protocol]:
    """Return the protocol class of a server with these bounds."""

    class GuardedProtocol(H11Protocol):
        """One connection."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            """Take the connection, or say that there are too many."""
            if len(self.connections) >= limit:
                self.transport = transport
                transport.write(_FULL)
                transport.close()
                return
            super().connection_made(transport)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            """Stop the clock."""
            self._unwatch()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Take what came; while a request's header is not whole the clock runs."""
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._unwatch()
            elif self._timer is None and not self.transport.is_closing():
                self._watch()

        def on_response_complete(self) -> None:
            """Between two requests uvicorn's own clock runs; what was sent ahead of an answer is read by now."""
            super().on_response_complete()
            self._unwatch()

        def _watch(self) -> None:
            self._timer = self.loop.call_later(header_seconds, self._too_slow)

        def _unwatch(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _too_slow(self) -> None:
            self._timer = None
            if not self.transport.is_closing():
                self.transport.write(_SLOW)
                self.transport.close()

    return GuardedProtocol
