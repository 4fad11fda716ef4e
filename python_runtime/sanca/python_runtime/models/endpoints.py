"""The clients of all endpoints in use, each with its one rate limit and circuit breaker. Knows no roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sanca.core.ports import Model
from sanca.python_runtime.models.anthropic_client import AnthropicModel
from sanca.python_runtime.models.breaker import Breaker
from sanca.python_runtime.models.dashscope_client import DashScopeModel
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.failover import FailoverModel
from sanca.python_runtime.models.guard import BreakingModel, LimitedModel
from sanca.python_runtime.models.openai_client import OpenAIModel
from sanca.python_runtime.models.rate import RateLimit
from sanca.python_runtime.models.retry import LONGEST_WAIT_SECONDS, RetryingModel
from sanca.python_runtime.models.settings import ModelSettings, Patience

_WAIT_BESIDE_A_FALLBACK_SECONDS = 2.0
"""Who has somebody else to ask does not wait long."""
_TRIES_BESIDE_A_FALLBACK = 2


class Client(Model, Protocol):
    """A model's client."""

    async def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class _InUse:
    client: Client
    rate: RateLimit
    breaker: Breaker


class EndpointPool:
    """Hands out models over endpoints; equal endpoints share everything. Used from one event loop."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._in_use: dict[Endpoint, _InUse] = {}

    def model(self, endpoints: Sequence[Endpoint]) -> Model:
        """Return the model of the first endpoint, with the others as its fall-backs."""
        alone = len(endpoints) == 1
        return FailoverModel([self._member(one, is_last=alone or one == endpoints[-1]) for one in endpoints])

    def detail(self, endpoint: Endpoint) -> str:
        """Say since when and why an endpoint is left alone; empty when it is not."""
        known = self._in_use.get(endpoint)
        return known.breaker.detail if known is not None else ""

    def forget(self, endpoint: Endpoint) -> None:
        """Ask an endpoint again that was left alone: somebody set it anew."""
        if known := self._in_use.get(endpoint):
            known.breaker.succeeded()

    async def close(self) -> None:
        """Close every client's connections."""
        in_use, self._in_use = self._in_use, {}
        for one in in_use.values():
            await one.client.close()

    def _member(self, endpoint: Endpoint, *, is_last: bool) -> Model:
        known = self._in_use.get(endpoint) or self._open(endpoint)
        tries = self._settings.tries if is_last else min(self._settings.tries, _TRIES_BESIDE_A_FALLBACK)
        longest = LONGEST_WAIT_SECONDS if is_last else _WAIT_BESIDE_A_FALLBACK_SECONDS
        limited = LimitedModel(known.client, known.rate, longest_wait_seconds=longest)
        return BreakingModel(RetryingModel(limited, tries=tries, longest_wait_seconds=longest), known.breaker)

    def _open(self, endpoint: Endpoint) -> _InUse:
        settings = self._settings
        self._in_use[endpoint] = in_use = _InUse(
            client_of(endpoint, settings.patience),
            RateLimit(endpoint.place, settings.limits_of(endpoint.model)),
            Breaker(
                f"The model {endpoint.model!r} at {endpoint.place}" if endpoint.model else endpoint.place,
                failures=settings.breaker_failures,
                rest_seconds=settings.breaker_seconds,
            ),
        )
        return in_use


def client_of(endpoint: Endpoint, patience: Patience) -> Client:
    """Return a client for the endpoint's wire format; it connects at its first call."""
    if endpoint.kind == "dashscope":
        return DashScopeModel(endpoint, patience)
    if endpoint.kind == "anthropic":
        return AnthropicModel(endpoint, patience)
    return OpenAIModel(endpoint, patience)
