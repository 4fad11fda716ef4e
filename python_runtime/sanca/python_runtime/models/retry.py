"""Tries a model again that is unavailable before its first token; later a failure is final, text was shown."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import anyio
import structlog
from sanca.core.errors import ModelUnavailableError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.core.ports import Model
from sanca.python_runtime.models.failures import ModelTimeoutError
from sanca.python_runtime.models.streams import closing

log = structlog.get_logger(__name__)

_TRIES = 3
_FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0
"""A server that asks for more is reported at once instead."""


class RetryingModel:
    """A model that is asked up to three times, with growing waits or those the server asked for."""

    def __init__(
        self,
        inner: Model,
        *,
        tries: int = _TRIES,
        first_wait_seconds: float = _FIRST_WAIT_SECONDS,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._inner = inner
        self._tries = tries
        self._first_wait_seconds = first_wait_seconds
        self._longest_wait_seconds = longest_wait_seconds

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply, beginning again while nothing has come."""
        for attempt in range(1, self._tries + 1):
            started = False
            try:
                async with closing(self._inner.stream(request)) as deltas:
                    async for delta in deltas:
                        started = True
                        yield delta
                return
            except ModelUnavailableError as error:
                wait_seconds = self._wait_seconds(attempt, error)
                # A server that hangs would be waited for thrice: a timeout is not tried again here.
                is_late = isinstance(error, ModelTimeoutError)
                if started or is_late or attempt == self._tries or wait_seconds > self._longest_wait_seconds:
                    raise
                log.warning(
                    "model_retry", model=self.name, attempt=attempt, wait_seconds=wait_seconds, reason=str(error)
                )
            await anyio.sleep(wait_seconds)

    def _wait_seconds(self, attempt: int, error: ModelUnavailableError) -> float:
        if error.retry_after_seconds is not None:
            return error.retry_after_seconds
        # Spread over half the step, so that many runs do not come back together.
        return self._first_wait_seconds * float(2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
