"""What the broker tells the engine: messages at once and in order, call records in batches. One thread sends."""

from __future__ import annotations

import dataclasses
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from sanca.python_runtime.broker.channel import pack
from sanca.python_runtime.broker.records import CallRecord

BATCH_SECONDS = 0.05
"""How long call records are collected; of one call only the latest is told."""

BATCH_ROWS = 2000

MakeRecord = Callable[[], CallRecord]
"""Records are made by the sending thread: most are replaced by a later one before they are told."""


class Outbox:
    """Any thread may post; nothing here waits for the engine."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._changed = threading.Condition()
        self._messages: deque[dict[str, Any]] = deque()
        self._records: dict[str, MakeRecord] = {}
        self._ended = False
        self._thread = threading.Thread(target=self._send_on, name="outbox", daemon=True)
        self._thread.start()

    def post(self, message: dict[str, Any]) -> None:
        """Send a message as soon as possible, after the call records so far."""
        with self._changed:
            self._messages.append(message)
            self._changed.notify()

    def tell(self, call_id: str, make: MakeRecord) -> None:
        """Tell of a call with the next batch."""
        with self._changed:
            self._records[call_id] = make
            if len(self._records) == 1:
                self._changed.notify()

    def close(self) -> None:
        """Send what is left and stop."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(5.0)

    def _send_on(self) -> None:
        while True:
            records, messages, ended = self._next()
            try:
                for start in range(0, len(records), BATCH_ROWS):
                    batch = [dataclasses.asdict(make()) for make in records[start : start + BATCH_ROWS]]
                    self._send({"op": "calls", "calls": batch})
                for message in messages:
                    self._send(message)
            except OSError:
                return  # the engine is gone; the process ends by the reading side
            if ended:
                return

    def _next(self) -> tuple[list[MakeRecord], list[dict[str, Any]], bool]:
        """Wait for a message, or for the end of the batch that a first record has begun."""
        with self._changed:
            self._changed.wait_for(lambda: self._records or self._messages or self._ended)
            if not self._messages and not self._ended:
                self._changed.wait_for(lambda: self._messages or self._ended, BATCH_SECONDS)
            records, messages = list(self._records.values()), list(self._messages)
            self._records.clear()
            self._messages.clear()
            return records, messages, self._ended

    def _send(self, message: dict[str, Any]) -> None:
        header, body = pack(message)
        self._socket.sendall(header)
        self._socket.sendall(body)
