"""What tokens cost, from a table the operator gives. We ship no prices: they change without notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sanca.core.errors import ConfigurationError
from sanca.core.messages import ModelDelta, ModelRequest, Usage
from sanca.core.ports import Model
from sanca.python_runtime.models.streams import closing


class Price(BaseModel):
    """Price of a model per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    """Cached input tokens; the price of input when absent."""
    currency: str = "USD"

    def of(self, usage: Usage) -> float:
        """Return what this usage costs, in `currency`."""
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_price = self.input if self.cached is None else self.cached
        fresh = usage.input_tokens - cached
        return (fresh * self.input + cached * cached_price + usage.output_tokens * self.output) / 1_000_000


_TABLE = TypeAdapter(dict[str, Price])


def read_prices(text: str) -> dict[str, Price]:
    """Return the price table of the setting `SANCA_MODEL_PRICES`, a JSON object by model name.

    Raises:
        ConfigurationError: It is no such object.
    """
    if not text.strip():
        return {}
    try:
        return _TABLE.validate_json(text)
    except ValidationError as error:
        raise ConfigurationError(
            "SANCA_MODEL_PRICES must be a JSON object like "
            '{"my-model": {"input": 0.5, "output": 1.5, "currency": "USD"}} (prices per million tokens).',
            setting="SANCA_MODEL_PRICES",
        ) from error


class PricedModel:
    """A model whose usage carries its cost."""

    def __init__(self, inner: Model, prices: Mapping[str, Price]) -> None:
        self._inner = inner
        self._prices = prices

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._inner.name

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; its usage is priced when the model is in the table."""
        async with closing(self._inner.stream(request)) as deltas:
            async for delta in deltas:
                yield self._priced(delta)

    def _priced(self, delta: ModelDelta) -> ModelDelta:
        price = self._prices.get(delta.usage.model) if delta.usage else None
        if delta.usage is None or price is None:
            return delta
        usage = delta.usage.model_copy(update={"cost": price.of(delta.usage), "currency": price.currency})
        return delta.model_copy(update={"usage": usage})
