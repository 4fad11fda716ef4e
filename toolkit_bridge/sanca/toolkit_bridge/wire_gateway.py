"""The gateway for the hot path: a few lines of the Py4J wire over a pool of connections. Never re-sends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sanca.core.errors import GatewayError, GatewayUnavailableError
from sanca.toolkit_bridge.beside import Reply
from sanca.toolkit_bridge.connection import connect
from sanca.toolkit_bridge.delivery import DeliveringGateway
from sanca.toolkit_bridge.gateway import ConnectionBrokenError
from sanca.toolkit_bridge.wire import WireConnection

_IDLE_CONNECTIONS = 32
_FRESH_SECONDS = 0.5


class WireGateway(DeliveringGateway):
    """See `sanca.toolkit_bridge.gateway.Gateway`. A connection serves one call at a time; idle ones wait in a pool."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._idle: deque[WireConnection] = deque()
        self._in_flight: dict[str, WireConnection] = {}

    def abandon(self, call_id: str) -> None:
        """Free the thread that waits for this call."""
        if (connection := self._in_flight.get(call_id)) is not None:
            self._abandoned.add(call_id)
            connection.shut()

    def close(self) -> None:
        """Close every connection; waiting calls give up."""
        self._closed.set()
        for connection in list(self._in_flight.values()):
            connection.shut()
        while self._idle:
            self._idle.pop().close()

    def _invoke(
        self,
        method: str,
        arguments: tuple[str, ...],
        timeout_seconds: float,
        call_id: str = "",
        *,
        repeatable: bool = False,
        left: Callable[[], None] | None = None,
    ) -> Reply:
        connection = self._connection(repeatable)
        if call_id:
            self._in_flight[call_id] = connection
        try:
            answer = connection.invoke(method, arguments, timeout_seconds, left)
        except (GatewayError, ValueError):
            connection.close()
            raise
        finally:
            if call_id:
                self._in_flight.pop(call_id, None)
        if len(self._idle) < _IDLE_CONNECTIONS and not self._closed.is_set():
            connection.used = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _connection(self, repeatable: bool) -> WireConnection:
        """Return a connection that was alive a moment ago: a restarted host must not cost a call its certainty.

        A call that may run twice needs no such look at one that was just used: it is sent again if need be.
        """
        if self._closed.is_set():
            raise GatewayUnavailableError("The gateway is closed.")
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if (repeatable and time.monotonic() - connection.used < _FRESH_SECONDS) or not connection.is_stale():
                return connection
            connection.close()
        try:
            return connect(self._home, WireConnection)
        except ConnectionBrokenError:
            raise
        except GatewayUnavailableError as error:
            raise ConnectionBrokenError(str(error), sent=False) from error
