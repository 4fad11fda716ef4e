"""A thread with an event loop of its own, for what several loops share. Knows nothing of what runs in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar, TypeVarTuple

import anyio
from anyio.from_thread import BlockingPortal

_T = TypeVar("_T")
_Args = TypeVarTuple("_Args")


class BackgroundLoop:
    """Runs coroutines for callers in any thread. A daemon: a program that forgets to stop it can still end."""

    def __init__(self, name: str) -> None:
        self._thread = threading.Thread(target=anyio.run, args=(self._main,), name=name, daemon=True)
        self._opened: Future[BlockingPortal] = Future()

    async def start(self) -> None:
        """Start the thread; returns when it takes work."""
        self._thread.start()
        await asyncio.wrap_future(self._opened)

    async def call(self, function: Callable[[*_Args], Awaitable[_T]], *args: *_Args) -> _T:
        """Run a coroutine function there and return what it returns; cancelled with its caller."""
        return await asyncio.wrap_future(self._portal.start_task_soon(function, *args))

    def post(self, function: Callable[[*_Args], Awaitable[object]], *args: *_Args) -> None:
        """Have a coroutine function run there, which must not raise; from any thread, waits for nothing."""
        self._portal.start_task_soon(function, *args)

    async def stop(self) -> None:
        """Cancel what runs there and return when the thread has ended. Safe to call twice, and unstarted."""
        if not self._thread.is_alive():
            return
        await asyncio.wrap_future(self._portal.start_task_soon(self._portal.stop, True))
        await anyio.to_thread.run_sync(self._thread.join)

    @property
    def _portal(self) -> BlockingPortal:
        return self._opened.result(0)

    async def _main(self) -> None:
        async with BlockingPortal() as portal:
            self._opened.set_result(portal)
            await portal.sleep_until_stopped()
