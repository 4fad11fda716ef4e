"""How much one may ask: a rate, and streams at once. In memory, for one engine; forgets who has been quiet."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sanca.core.errors import RateLimitedError

_SWEEP_SECONDS = 60.0


class RateLimit:
    """So many in a minute, all at once or spread: the generic cell rate algorithm, one number for each name."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = 60.0 / per_minute
        self._clock = clock
        self._used_until: dict[str, float] = {}
        self._swept_at = clock()

    def wait_seconds(self, name: str) -> float:
        """Return how long the next one has to wait; 0: it may come now. Counts nothing."""
        return max(0.0, self._used_until.get(name, 0.0) + self._step - self._clock() - 60.0)

    def count(self, name: str) -> None:
        """Count one."""
        now = self._clock()
        if now - self._swept_at > _SWEEP_SECONDS:
            self._swept_at = now
            self._used_until = {one: until for one, until in self._used_until.items() if until > now}
        self._used_until[name] = max(now, self._used_until.get(name, 0.0)) + self._step

    def take(self, name: str, what: str) -> None:
        """Count one, if it may come now.

        Raises:
            RateLimitedError: As `check`.
        """
        self.check(name, what)
        self.count(name)

    def check(self, name: str, what: str) -> None:
        """See whether one may come now.

        Raises:
            RateLimitedError: It may not; says what there is too much of, and when to come again.
        """
        if wait := self.wait_seconds(name):
            seconds = max(1, round(wait + 0.5))
            raise RateLimitedError(f"Too many {what}; try again in {seconds} s.", retry_after_seconds=seconds)


class StreamLimit:
    """So many at once."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._open: Counter[str] = Counter()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Count one for as long as the block lasts.

        Raises:
            RateLimitedError: There are as many already.
        """
        if self._open[name] >= self._at_once:
            raise RateLimitedError(f"{self._at_once:,} requests are under way already.", retry_after_seconds=1)
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
