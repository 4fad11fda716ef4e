"""The items of an async iterator on the broker's loop, taken by a worker's thread. Runs ahead by one window at most."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any

import msgpack
from sanca.core.errors import SancaError
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.call_streams import ITEM_LIMIT_BYTES, STREAM_WINDOW
from sanca.toolkit_bridge.gateway import failure

_AHEAD_BYTES = 256 * 1024


class LoopStream:
    """An `ItemSource`: `fill` runs on the loop, `take` and `close` are called by threads."""

    def __init__(self, name: str, outcome_of: Callable[[SancaError], CallOutcome]) -> None:
        self._name = name
        self._outcome_of = outcome_of
        self._changed = threading.Condition()
        self._items: deque[bytes] = deque()
        self._bytes = 0
        self._outcome: CallOutcome | None = None
        self._room: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.task: Future[None] | None = None
        """What runs `fill`; cancelled when the stream is closed."""

    async def fill(self, items: AsyncGenerator[Any, None]) -> None:
        """Take the tool's items as long as there is room for them."""
        self._loop, self._room = asyncio.get_running_loop(), asyncio.Event()
        outcome = failure("cancelled", f"{self._name} was stopped.")
        try:
            async with aclosing(items):
                async for item in items:
                    packed: bytes = msgpack.packb(item)
                    if len(packed) > ITEM_LIMIT_BYTES:
                        raise ValueError(f"one item is longer than {ITEM_LIMIT_BYTES // 1024 // 1024} MB")
                    if self._put(packed):
                        await self._room.wait()
            outcome = CallOutcome(ok=True)
        except SancaError as error:
            outcome = self._outcome_of(error)
        except Exception as error:
            outcome = failure("failed", f"{self._name} failed: {type(error).__name__}: {error}")
        finally:
            self._end(outcome)

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Wait for an item and return what is there."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._outcome, timeout_seconds):
                raise TimeoutError
            items = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._bytes -= sum(map(len, items))
            if self._room is not None and self._loop is not None and self._outcome is None:
                self._loop.call_soon_threadsafe(self._room.set)
            return items, None if self._items else self._outcome

    def close(self) -> None:
        """Stop the tool."""
        self._end(failure("cancelled", f"{self._name} was stopped."))
        if self.task is not None:
            self.task.cancel()

    def _put(self, packed: bytes) -> bool:
        """Keep an item; return whether there is no room for another."""
        with self._changed:
            self._items.append(packed)
            self._bytes += len(packed)
            self._changed.notify_all()
            is_full = len(self._items) >= STREAM_WINDOW or self._bytes >= _AHEAD_BYTES
            if is_full and self._room is not None:
                self._room.clear()
            return is_full

    def _end(self, outcome: CallOutcome) -> None:
        with self._changed:
            self._outcome = self._outcome or outcome
            self._changed.notify_all()
