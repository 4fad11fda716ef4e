"""A circuit breaker: an endpoint that keeps failing is left alone for a while, then one request may try it.

One an endpoint, shared by all runs, on one event loop. Decision 0019 says why it is our own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sanca.core.errors import ModelUnavailableError

_LONGEST_REST_SECONDS = 480.0


class ModelRestingError(ModelUnavailableError):
    """The endpoint failed too often and is left alone; it was not asked."""


class Breaker:
    """Closed while all is well; open for a while after failures in a row; then half open for one trial."""

    def __init__(
        self, name: str, *, failures: int, rest_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take its bounds.

        Args:
            name: How messages name the endpoint.
            failures: After so many in a row it opens; 0: never.
            rest_seconds: How long it stays open at first; doubled, up to 8 minutes, when the trial fails too.
            clock: Seconds that only grow.
        """
        self._name = name
        self._failures_max = failures
        self._first_rest = self._rest = rest_seconds
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._is_tried = False
        self._reason = ""

    @property
    def is_resting(self) -> bool:
        """Whether requests are refused now."""
        return self._open_until > self._clock()

    @property
    def detail(self) -> str:
        """Until when it rests and why, in one sentence; empty while it does not."""
        if not self._open_until:
            return ""
        left = max(0.0, self._open_until - self._clock())
        until = f"for another {left:.0f} seconds" if left else "until the next request has tried it"
        failed = f"{self._name} failed {self._failures} times in a row"
        return f"{failed} and is left alone {until}; the last reason: {self._reason}"

    def check(self) -> None:
        """Let a request pass, or refuse it. Who passes must tell `succeeded`, `failed` or `left`.

        Raises:
            ModelRestingError: It rests, or another request is trying it right now.
        """
        if not self._open_until:
            return
        left = self._open_until - self._clock()
        if left > 0 or self._is_tried:
            raise ModelRestingError(self.detail, retry_after_seconds=max(left, 0.0))
        self._is_tried = True

    def succeeded(self) -> None:
        """Close it."""
        self._failures, self._open_until, self._is_tried, self._rest = 0, 0.0, False, self._first_rest

    def failed(self, reason: str) -> None:
        """Count a failure; opens it at the last one allowed, and at once when it was the trial."""
        self._failures += 1
        self._reason = reason
        if not self._failures_max or self._failures < self._failures_max:
            return
        if self._is_tried:
            self._rest = min(self._rest * 2, _LONGEST_REST_SECONDS)
        self._is_tried = False
        self._open_until = self._clock() + self._rest

    def left(self) -> None:
        """End a request that says nothing of the endpoint: cancelled, or refused for its own content."""
        self._is_tried = False
