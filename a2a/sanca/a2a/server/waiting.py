"""Lets who follows a task that waits for a person know at once when an answer came by this door. Keeps nothing."""

from __future__ import annotations

from contextlib import suppress

import anyio


class Waiting:
    """Tasks that wait, and who looks at them. For one event loop."""

    def __init__(self) -> None:
        self._events: dict[str, tuple[anyio.Event, int]] = {}

    def answered(self, task_id: str) -> None:
        """Wake everybody who rests for this task."""
        if found := self._events.get(task_id):
            found[0].set()

    async def rest(self, task_id: str, seconds: float) -> None:
        """Wait until the task was answered here, but not longer than so many seconds."""
        event, others = self._events.get(task_id, (anyio.Event(), 0))
        if event.is_set():
            event, others = anyio.Event(), 0
        self._events[task_id] = (event, others + 1)
        try:
            with suppress(TimeoutError), anyio.fail_after(seconds):
                await event.wait()
        finally:
            current, count = self._events.get(task_id, (event, 0))
            if current is event:
                if count <= 1:
                    del self._events[task_id]
                else:
                    self._events[task_id] = (event, count - 1)
