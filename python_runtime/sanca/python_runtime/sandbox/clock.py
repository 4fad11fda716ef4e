"""An action's own time: wall time less what it spent waiting for tools or a person."""

from __future__ import annotations

import time

from sanca.python_runtime.sandbox.ports import WaitedSeconds


class ActionClock:
    """Counts from its making; asks how much was waited only when the time seems to be up."""

    def __init__(self, limit_seconds: float, waited_seconds: WaitedSeconds | None) -> None:
        self.limit_seconds = limit_seconds
        self._ask_waited = waited_seconds
        self._started = time.monotonic()
        self.waited_seconds = 0.0

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self._started

    async def left(self) -> float:
        """Return the action's seconds that are left; 0 or less: it has to end."""
        left = self.limit_seconds - (self.seconds - self.waited_seconds)
        if left > 0 or self._ask_waited is None:
            return left
        waited = await self._ask_waited()
        self.waited_seconds = min(max(waited, self.waited_seconds), self.seconds)
        return self.limit_seconds - (self.seconds - self.waited_seconds)
