"""How fast one endpoint is asked: requests and tokens a minute, and the pause that the endpoint itself asks for."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
from sanca.core.messages import ModelRequest
from sanca.python_runtime.models.failures import TooManyRequestsError
from sanca.python_runtime.models.settings import Limits

_CHARS_PER_TOKEN = 3
"""Rather too many tokens than too few: code and Chinese have fewer characters a token than English words."""


class RateLimit:
    """Shared by all callers of an endpoint, first come first served. What the reply cost is booked afterwards."""

    def __init__(self, place: str, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._requests = _Bucket(limits.requests_per_minute, clock)
        self._tokens = _Bucket(limits.tokens_per_minute, clock)
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long: the endpoint said so to one of us."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    async def enter(self, request: ModelRequest, *, longest_wait_seconds: float) -> float:
        """Wait for this request's turn; returns how many tokens were booked for it.

        Raises:
            TooManyRequestsError: The turn would come later than that.
        """
        tokens = estimated_tokens(request)
        wait = max(self._requests.take(1), self._tokens.take(tokens), self._paused_until - self._clock())
        if wait > longest_wait_seconds:
            self._give_back(tokens)
            raise TooManyRequestsError(
                f"The model server {self._place} may not be asked for another {wait:.0f} seconds: too many requests.",
                retry_after_seconds=wait,
            )
        try:
            while wait > 0:
                await anyio.sleep(wait)
                wait = self._paused_until - self._clock()
        except BaseException:
            self._give_back(tokens)
            raise
        return tokens

    def settle(self, booked: float, used: float) -> None:
        """Book what the reply really used; a debt makes the next ones wait."""
        self._tokens.add(used - booked)

    def _give_back(self, tokens: float) -> None:
        self._requests.add(-1)
        self._tokens.add(-tokens)


class _Bucket:
    """A leaky bucket of a minute: what is in it flows out evenly, and what is above its brim waits."""

    def __init__(self, per_minute: float, clock: Callable[[], float]) -> None:
        self._size = per_minute
        self._clock = clock
        self._level = 0.0
        self._at = clock()

    def take(self, amount: float) -> float:
        """Put the amount in, and return the seconds until there is room for it."""
        self.add(amount)
        if not self._size:
            return 0.0
        return max(0.0, self._level - max(self._size, amount)) * 60.0 / self._size

    def add(self, amount: float) -> None:
        """Put an amount in, or take it back."""
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._at) * self._size / 60.0)
        self._at = now
        if self._size:
            self._level = max(0.0, self._level + amount)


def estimated_tokens(request: ModelRequest) -> float:
    """Return what a request's input is about."""
    return sum(len(message.content) for message in request.messages) / _CHARS_PER_TOKEN
