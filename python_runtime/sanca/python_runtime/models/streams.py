"""Deadlines over streams that belong to somebody else: one place, so that both clients keep the same rule."""

from __future__ import annotations

import importlib
import math
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")
_CLOSE_SECONDS = 2.0


class StalledError(TimeoutError):
    """The reply did not begin, or paused for too long; says which, to be read behind the server's name."""


class Deadline:
    """How long a reply is waited for: as a whole, until it begins, and between its pieces."""

    def __init__(
        self, seconds: float, *, first_token_seconds: float = math.inf, between_tokens_seconds: float = math.inf
    ) -> None:
        self.seconds = seconds
        self._first_token_seconds = first_token_seconds
        self._between_tokens_seconds = between_tokens_seconds
        self._began_at = time.monotonic()

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Await what comes before the first piece.

        Raises:
            StalledError: The reply has not begun in time.
            TimeoutError: The whole time is up.
        """
        return await self._wait(awaitable, self._first_token_seconds - self._spent(), self._late)

    async def each(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield the items; raises as `wait` does, also for a long pause. No cancel scope is held across a yield."""
        left, why = self._first_token_seconds - self._spent(), self._late
        while True:
            try:
                item = await self._wait(anext(items), left, why)
            except StopAsyncIteration:
                return
            yield item
            left, why = self._between_tokens_seconds, self._paused

    async def _wait(self, awaitable: Awaitable[T], limit_seconds: float, why: Callable[[], str]) -> T:
        whole = self.seconds - self._spent()
        with anyio.move_on_after(max(0.0, min(whole, limit_seconds))):
            return await awaitable
        raise StalledError(why()) if limit_seconds < whole else TimeoutError

    def _late(self) -> str:
        return f"did not begin its reply within {self._first_token_seconds:g} seconds"

    def _paused(self) -> str:
        return f"sent nothing for {self._between_tokens_seconds:g} seconds in the middle of its reply"

    def _spent(self) -> float:
        return time.monotonic() - self._began_at


@asynccontextmanager
async def closing(items: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close the iteration at the end of the block, where it can be closed; `Model.stream` only promises to iterate."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await close_shielded(items.aclose)


async def close_shielded(close: Callable[[], Awaitable[object]]) -> None:
    """Close a connection even while the task is being cancelled, within two seconds."""
    with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
        await close()


async def load(*modules: str) -> None:
    """Import a provider's SDK in a thread: it takes a second that the event loop must not lose."""
    for module in modules:
        if module in sys.modules:
            continue
        await anyio.to_thread.run_sync(importlib.import_module, module)
