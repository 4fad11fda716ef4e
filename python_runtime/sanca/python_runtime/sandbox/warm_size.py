"""How many sessions to keep ready: as many as were taken in the busiest moment of the last while. Only counts."""

from __future__ import annotations

from collections import deque

_MOMENT_SECONDS = 0.25


class WarmSize:
    """Grows with the takes, and falls back to the least when there were none for `idle_seconds`."""

    def __init__(self, least: int, most: int, *, idle_seconds: float) -> None:
        self._least = least
        self._most = max(least, most)
        self._idle_seconds = idle_seconds
        self._moments: deque[tuple[int, int]] = deque()
        """(number of the moment, takes in it), only those with takes."""

    def took(self, now: float) -> None:
        """Count a take; `now` only grows."""
        moment = int(now / _MOMENT_SECONDS)
        count = self._moments.pop()[1] if self._moments and self._moments[-1][0] == moment else 0
        self._moments.append((moment, count + 1))
        self._forget(now)

    def wanted(self, now: float) -> int:
        """Return how many should be ready."""
        self._forget(now)
        busiest = max((count for _, count in self._moments), default=0)
        return min(max(busiest, self._least), self._most)

    def _forget(self, now: float) -> None:
        oldest = int((now - self._idle_seconds) / _MOMENT_SECONDS)
        while self._moments and self._moments[0][0] < oldest:
            self._moments.popleft()
