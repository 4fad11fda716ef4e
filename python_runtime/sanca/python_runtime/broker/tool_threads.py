"""Runs tools that are plain functions in threads of their own, and coroutines on a loop; waits for either by a lock.

A hand-over costs one wake-up each way. A function that is given up (too late, cancelled) goes on in its thread, as no
thread can be stopped; its result is let go.
"""

from __future__ import annotations

import asyncio
import threading
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

MOST_THREADS = 40


class GivenUpError(Exception):
    """Nobody waits for the tool any more."""


class Waiting:
    """One tool that runs, and the thread that waits for it."""

    def __init__(self) -> None:
        self._done = allocate_lock()
        self._done.acquire()
        self._first = allocate_lock()
        self._value: Any = None
        self._error: BaseException | None = None

    def set(self, value: Any, error: BaseException | None = None) -> None:
        """Hand over how it ended; the first one counts."""
        if self._first.acquire(blocking=False):
            self._value, self._error = value, error
            self._done.release()

    def is_over_within(self, seconds: float) -> bool:
        """Wait so long, and return whether there is an end; who waits for it then has it at once."""
        if not self._done.acquire(timeout=seconds):
            return False
        self._done.release()
        return True

    def result(self, timeout_seconds: float = -1.0) -> Any:
        """Return the value, or raise what was raised.

        Raises:
            TimeoutError: It did not come in time, and is given up.
            GivenUpError: It was given up before.
        """
        if not self._done.acquire(timeout=timeout_seconds):
            self.set(None, TimeoutError())
            self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._value

    def give_up(self) -> None:
        """Let the waiting thread go."""
        self.set(None, GivenUpError())


class _Thread:
    """A thread that sleeps until it is given something to do."""

    def __init__(self, pool: ToolThreads) -> None:
        self._pool = pool
        self._wake = allocate_lock()
        self._wake.acquire()
        self._job: tuple[Callable[[], Any], Waiting] | None = None
        threading.Thread(target=self._work, name="tool", daemon=True).start()

    def give(self, job: tuple[Callable[[], Any], Waiting] | None) -> None:
        """Have it do something; None ends it."""
        self._job = job
        self._wake.release()

    def _work(self) -> None:
        while True:
            self._wake.acquire()
            job, self._job = self._job, None
            if job is None:
                return
            function, waiting = job
            try:
                waiting.set(function())
            except BaseException as error:
                waiting.set(None, error)
            del function, waiting, job
            if not self._pool.take_back(self):
                return


class ToolThreads:
    """At most 40 threads; what is more waits for one. Any thread may start something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Thread] = []
        self._jobs: deque[tuple[Callable[[], Any], Waiting]] = deque()
        self._count = 0
        self._is_closed = False

    def start(self, function: Callable[[], Any]) -> Waiting:
        """Run a function in a thread."""
        waiting = Waiting()
        with self._lock:
            thread = self._idle.pop() if self._idle else None
            if thread is None and self._count >= MOST_THREADS:
                self._jobs.append((function, waiting))
                return waiting
            self._count += thread is None
        (thread or _Thread(self)).give((function, waiting))
        return waiting

    def take_back(self, thread: _Thread) -> bool:
        """Give a thread its next work, or keep it; False when it is to end."""
        with self._lock:
            if self._is_closed:
                return False
            if not self._jobs:
                self._idle.append(thread)
                return True
            job = self._jobs.popleft()
        thread.give(job)
        return True

    def close(self) -> None:
        """End the idle threads; busy ones end after what they do."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for thread in idle:
            thread.give(None)


class LoopCall:
    """A coroutine on a loop and the thread that waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.waiting = Waiting()
        self._loop = loop
        self._coroutine = coroutine
        self._task: asyncio.Task[None] | None = None
        try:
            loop.call_soon_threadsafe(self._start)
        except RuntimeError:  # the loop is closed, and nothing runs any more
            coroutine.close()
            self.waiting.give_up()

    def cancel(self) -> None:
        """Cancel the coroutine; the waiting thread is free at once."""
        self.waiting.give_up()
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:
            return  # the loop is closed, and its tasks with it

    def _start(self) -> None:
        self._task = self._loop.create_task(self._run())

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            self.waiting.set(await self._coroutine)
        except asyncio.CancelledError:
            self.waiting.give_up()
        except BaseException as error:
            self.waiting.set(None, error)
