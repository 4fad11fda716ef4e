"""What the broker tells the engine: messages at once and in order, call records in batches. One thread sends."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from sanca.python_runtime.broker.channel import pack

BATCH_SECONDS = 0.05
"""How long call records are collected; of one call only the latest is told."""

MakeRecord = Callable[[], tuple[Any, ...]]
"""Makes the fields of a `CallRecord`, in order; called by the sending thread, as most are replaced untold."""


class Outbox:
    """Any thread may post; nothing here waits for the engine, and a call is told in well under a microsecond."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._items: deque[dict[str, Any] | tuple[str, MakeRecord]] = deque()
        self._anything = threading.Event()
        self._urgent = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._send_on, name="outbox", daemon=True)
        self._thread.start()

    def post(self, message: dict[str, Any]) -> None:
        """Send a message as soon as possible, after the call records so far."""
        self._items.append(message)
        self._urgent.set()
        self._anything.set()

    def tell(self, call_id: str, make: MakeRecord) -> None:
        """Tell of a call with the next batch."""
        self._items.append((call_id, make))
        if not self._anything.is_set():
            self._anything.set()

    def close(self) -> None:
        """Send what is left and stop."""
        self._ended = True
        self._urgent.set()
        self._anything.set()
        self._thread.join(5.0)

    def _send_on(self) -> None:
        while True:
            self._anything.wait()
            self._urgent.wait(BATCH_SECONDS)
            ended = self._ended
            # Cleared before the items are taken: who sets them later has also put something that is taken later.
            self._urgent.clear()
            self._anything.clear()
            try:
                self._send_items()
            except OSError:
                return  # the engine is gone; the process ends by the reading side
            if ended:
                return

    def _send_items(self) -> None:
        records: dict[str, MakeRecord] = {}
        while self._items:
            item = self._items.popleft()
            if isinstance(item, tuple):
                records[item[0]] = item[1]
            else:
                self._send_records(records)
                self._send(item)
        self._send_records(records)

    def _send_records(self, records: dict[str, MakeRecord]) -> None:
        if records:
            self._send({"op": "calls", "calls": [make() for make in records.values()]})
            records.clear()

    def _send(self, message: dict[str, Any]) -> None:
        header, body = pack(message)
        self._socket.sendall(header)
        self._socket.sendall(body)
