"""What the broker tells the engine: messages at once and in order, call records in batches. One thread sends."""

from __future__ import annotations

import socket
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sanca.python_runtime.broker.channel import pack

BATCH_SECONDS = 0.05
"""How long call records are collected; of one call only the latest is told."""
_ENDS_TOLD = 50
"""Of the reads of one run that began and ended well within a batch, the first and the last are told, the rest counted:
an action may make thousands a second, and who looks at them sees no more than that."""


class Told(Protocol):
    """A call that is told of."""

    is_to_be_told: bool
    was_told: bool

    @property
    def run_id(self) -> str:
        """Its run."""

    @property
    def name(self) -> str:
        """`toolkit.tool`."""

    @property
    def is_ordinary(self) -> bool:
        """Whether it is a read that has ended well."""

    def record(self) -> tuple[Any, ...]:
        """Return the fields of a `CallRecord`, in order, as the call then stands; called by the sending thread."""


class Outbox:
    """Any thread may post; nothing here waits for the engine, and a call is told in well under a microsecond."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._items: deque[dict[str, Any] | Told] = deque()
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

    def tell(self, call: Told) -> None:
        """Tell of a call with the next batch, as it stands then. Change how it stands before this is called."""
        if not call.is_to_be_told:
            call.is_to_be_told = True
            self._items.append(call)
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
        calls: list[Told] = []
        while self._items:
            item = self._items.popleft()
            if isinstance(item, dict):
                self._send_calls(calls)
                self._send(item)
            else:
                item.is_to_be_told = False  # first: a change from now on is told again
                calls.append(item)
        self._send_calls(calls)

    def _send_calls(self, calls: list[Told]) -> None:
        if not calls:
            return
        ordinary = Counter(call.run_id for call in calls if call.is_ordinary and not call.was_told)
        if any(count > 2 * _ENDS_TOLD for count in ordinary.values()):
            told, more = _ends(calls, ordinary)
        else:
            told, more = calls, Counter()
        for call in told:
            call.was_told = True
        counted = [(run_id, name, count) for (run_id, name), count in more.items()]
        self._send({"op": "calls", "calls": [call.record() for call in told], "more": counted})
        calls.clear()

    def _send(self, message: dict[str, Any]) -> None:
        header, body = pack(message)
        self._socket.sendall(header)
        self._socket.sendall(body)


def _ends(calls: Sequence[Told], ordinary: Mapping[str, int]) -> tuple[list[Told], Counter[tuple[str, str]]]:
    """Return the calls that are told, and how many of each run and tool are only counted."""
    told: list[Told] = []
    more: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    for call in calls:
        if call.is_ordinary and not call.was_told:
            seen[call.run_id] += 1
            if _ENDS_TOLD < seen[call.run_id] <= ordinary[call.run_id] - _ENDS_TOLD:
                more[call.run_id, call.name] += 1
                continue
        told.append(call)
    return told, more
