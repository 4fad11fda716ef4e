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
        _discards = False
        """Whether the rest of a body is read only to be thrown away: its request was answered before it was whole."""

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
            """Take what came; while a request's header is not whole, or its body of no use, the clock runs."""
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                if not self._discards:
                    self._unwatch()
            elif self._timer is None and not self.transport.is_closing():
                self._watch()
            if self.conn.their_state is h11.IDLE:
                self._discards = False

        def on_response_complete(self) -> None:
            """Between two requests uvicorn's own clock runs."""
            super().on_response_complete()
            self._unwatch()
            self._discards = self.conn.their_state is h11.SEND_BODY
            if self._discards and not self.transport.is_closing():
                self._watch()

        def _watch(self) -> None:
            self._timer = self.loop.call_later(header_seconds, self._too_slow)

        def _unwatch(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _too_slow(self) -> None:
            self._timer = None
            if self.transport.is_closing():
                return
            if not self._discards:
                self.transport.write(_SLOW)
            self.transport.close()

    return GuardedProtocol
