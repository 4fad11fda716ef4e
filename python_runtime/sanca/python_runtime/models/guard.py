"""Puts an endpoint's rate limit and circuit breaker around its client. Shared by all who ask the endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sanca.core.errors import ModelError, ModelUnavailableError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.core.ports import Model
from sanca.python_runtime.models.breaker import Breaker
from sanca.python_runtime.models.failures import EndpointRefusedError, TooManyRequestsError
from sanca.python_runtime.models.rate import RateLimit
from sanca.python_runtime.models.streams import closing


class LimitedModel:
    """A model that is asked no faster than it may be, and not while it asked us to wait."""

    def __init__(self, inner: Model, rate: RateLimit, *, longest_wait_seconds: float) -> None:
        self._inner = inner
        self._rate = rate
        self._longest_wait_seconds = longest_wait_seconds

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply when its turn has come."""
        booked = await self._rate.enter(request, longest_wait_seconds=self._longest_wait_seconds)
        try:
            async with closing(self._inner.stream(request)) as deltas:
                async for delta in deltas:
                    if delta.usage is not None and delta.usage.input_tokens:
                        self._rate.settle(booked, delta.usage.input_tokens + delta.usage.output_tokens)
                    yield delta
        except TooManyRequestsError as error:
            if error.retry_after_seconds:
                self._rate.pause(error.retry_after_seconds)
            raise


class BreakingModel:
    """A model that is not asked while its breaker is open."""

    def __init__(self, inner: Model, breaker: Breaker) -> None:
        self._inner = inner
        self._breaker = breaker

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply, and tell the breaker how it went."""
        self._breaker.check()
        is_told = False
        try:
            async with closing(self._inner.stream(request)) as deltas:
                async for delta in deltas:
                    yield delta
            self._breaker.succeeded()
            is_told = True
        except (ModelUnavailableError, EndpointRefusedError) as error:
            if not isinstance(error, TooManyRequestsError):  # a busy endpoint works; its pause is the rate limit's
                self._breaker.failed(str(error))
                is_told = True
            raise
        except ModelError:  # of this request's content: the endpoint answered
            self._breaker.succeeded()
            is_told = True
            raise
        finally:
            if not is_told:
                self._breaker.left()
