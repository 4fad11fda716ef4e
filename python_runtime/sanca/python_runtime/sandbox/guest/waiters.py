"""Those who wait for an answer on the tool channel: a thread that sleeps, or a task of an event loop."""

from __future__ import annotations

import asyncio
from _thread import allocate_lock
from typing import Any


class Sleeper:
    """A thread that sleeps until its answer is there, or until it is its turn to read."""

    __slots__ = ("answer", "leads", "lock", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.lock = allocate_lock()
        self.lock.acquire()
        self.answer: Any = None
        self.leads = False

    def give(self, answer: Any) -> None:
        """Hand over the answer."""
        self.answer = answer
        self.lock.release()


class Task:
    """A task of an event loop that awaits its answer."""

    __slots__ = ("answer", "future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[None] = loop.create_future()
        self.answer: Any = None

    def give(self, answer: Any) -> None:
        """Hand over the answer, from any thread."""
        self.answer = answer
        tell(self.loop, self._wake)

    def _wake(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


def tell(loop: asyncio.AbstractEventLoop, callback: Any, *arguments: Any) -> bool:
    """Have a loop do something soon; False when it is closed, and nobody waits on it any more."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        return False
    return True
