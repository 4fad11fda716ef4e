"""Deadlines over streams that belong to somebody else: one place, so that both clients keep the same rule."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")
_CLOSE_SECONDS = 2.0


class Deadline:
    """A fixed point in time that several waits share."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Await it; raises `TimeoutError` once the time is up."""
        with anyio.fail_after(max(0.0, self._ends_at - time.monotonic())):
            return await awaitable

    async def each(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield the items; raises `TimeoutError` once the time is up. No cancel scope is held across a yield."""
        while True:
            try:
                item = await self.wait(anext(items))
            except StopAsyncIteration:
                return
            yield item


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
