"""Sessions made ahead of need. Filled in one event loop, emptied from any thread; knows no action."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.servers import ReadySession
from sanca.python_runtime.sandbox.warm_size import WarmSize

log = structlog.get_logger()

_MAKERS = 3
"""Sessions in the making at a time: the fork is one after the other, what follows it is not."""
_REST_SECONDS = 0.02
"""After a take the processor is left to the session that was taken, unless somebody waits."""
_RETRY_SECONDS = 1.0


class WarmPool:
    """Ready sessions of one kind. `keep` fills it; `take` is safe from every thread and event loop."""

    def __init__(
        self,
        make: Callable[[bool], Awaitable[ReadySession]],
        drop: Callable[[ReadySession], Awaitable[None]],
        size: WarmSize,
    ) -> None:
        self._make = make
        self._drop = drop
        self._size = size
        self._lock = threading.Lock()
        self._ready: deque[ReadySession] = deque()
        self._dead: list[ReadySession] = []
        self._waiting: deque[Future[ReadySession]] = deque()
        self._making = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = asyncio.Event()
        self._is_closed = False

    @property
    def ready(self) -> int:
        """How many sessions wait for their first action."""
        return len(self._ready)

    async def take(self) -> ReadySession:
        """Return a session; at once when one is ready.

        Raises:
            SandboxError: It could not be made; says why and what mends it.
        """
        with self._lock:
            if self._is_closed:
                raise SandboxError("The sandbox is not running.")
            self._size.took(time.monotonic())
            taken = self._pop_living()
            if taken is None:
                self._waiting.append(waiting := Future[ReadySession]())
        if taken is not None:
            asyncio.get_running_loop().call_later(_REST_SECONDS, self._wake)
            return taken
        self._wake()
        return await self._wait_for(waiting)

    async def keep(self) -> None:
        """Keep as many ready as are wanted, for ever; cancelled at the end."""
        self._loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as makers:
            while True:
                self._wanted.clear()
                await self._drop_surplus()
                while self._lacks():
                    self._making += 1
                    makers.start_soon(self._make_one)
                with anyio.move_on_after(1.0):
                    await self._wanted.wait()

    def close(self) -> list[ReadySession]:
        """Refuse every further take and return what is ready, for its end to be waited for."""
        with self._lock:
            self._is_closed = True
            ready, waiting = [*self._ready, *self._dead], list(self._waiting)
            self._ready.clear()
            self._dead.clear()
            self._waiting.clear()
        for one in waiting:
            _fail(one, SandboxError("The sandbox is not running."))
        return ready

    def forget(self, is_unwanted: Callable[[ReadySession], bool]) -> list[ReadySession]:
        """Take out the ready ones of which that is true, and return them."""
        with self._lock:
            found = [one for one in self._ready if is_unwanted(one)]
            self._ready = deque(one for one in self._ready if one not in found)
        self._wake()
        return found

    def _pop_living(self) -> ReadySession | None:
        while self._ready:
            first = self._ready.popleft()
            if first.is_alive:
                return first
            self._dead.append(first)
        return None

    async def _wait_for(self, waiting: Future[ReadySession]) -> ReadySession:
        try:
            return await asyncio.wrap_future(waiting)
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._give(waiting.result())  # made for us in the moment we gave up
            raise

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wanted.set)

    def _lacks(self) -> bool:
        wanted = self._size.wanted(time.monotonic()) + len(self._waiting)
        return self._making < min(_MAKERS, wanted - len(self._ready))

    async def _make_one(self) -> None:
        try:
            made = await self._make(not self._waiting)
        except SandboxError as error:
            await self._tell_failure(error)
            return
        finally:
            self._making -= 1
            self._wanted.set()
        if not self._give(made):
            await self._drop(made)

    def _give(self, made: ReadySession) -> bool:
        with self._lock:
            if self._is_closed:
                return False
            while self._waiting:
                first = self._waiting.popleft()
                if first.set_running_or_notify_cancel():
                    first.set_result(made)
                    return True
            self._ready.append(made)
            return True

    async def _tell_failure(self, error: SandboxError) -> None:
        """Give the error to whoever waits; with nobody waiting, log it and rest, so that it does not repeat at once."""
        with self._lock:
            first = self._waiting.popleft() if self._waiting else None
            is_closed = self._is_closed
        if first is not None:
            _fail(first, error)
        if first is not None or is_closed:
            return
        log.warning("sandbox_session_not_made", reason=str(error))
        self._making += 1
        await anyio.sleep(_RETRY_SECONDS)
        self._making -= 1
        self._wanted.set()

    async def _drop_surplus(self) -> None:
        while True:
            with self._lock:
                if self._dead:
                    surplus = self._dead.pop()
                elif len(self._ready) > self._size.wanted(time.monotonic()):
                    surplus = self._ready.popleft()
                else:
                    return
            await self._drop(surplus)


def _fail(waiting: Future[ReadySession], error: SandboxError) -> None:
    if waiting.set_running_or_notify_cancel():
        waiting.set_exception(error)
