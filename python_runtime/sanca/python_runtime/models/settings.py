"""How long models are waited for, how fast they are asked, and when one is left alone. Reads a mapping only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sanca.core.errors import ConfigurationError
from sanca.core.messages import ModelRequest
from sanca.python_runtime.models.streams import Deadline

_PREFIX = "SANCA_MODEL_"


class Limits(BaseModel):
    """What an endpoint takes in a minute; 0: no limit of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: float = Field(default=0, ge=0)
    tokens_per_minute: float = Field(default=0, ge=0)
    """Input and output together."""


class ModelSettings(BaseModel):
    """Settings of all models; the environment variable is the field's name in capitals behind `SANCA_MODEL_`."""

    model_config = ConfigDict(frozen=True)

    connect_seconds: float = Field(default=10.0, gt=0)
    """How long a server may take to accept a connection."""
    first_token_seconds: float = Field(default=90.0, gt=0)
    """How long a reply may take to begin. A model that thinks in silence needs it."""
    between_tokens_seconds: float = Field(default=60.0, gt=0)
    """How long a reply may pause. The whole of it is bounded by each request."""
    tries: int = Field(default=3, ge=1, le=10)
    """How often a model is asked that is unavailable before its first token."""
    breaker_failures: int = Field(default=3, ge=0)
    """After so many failed requests in a row an endpoint is left alone for a while; 0: never."""
    breaker_seconds: float = Field(default=30.0, gt=0)
    """For so long at first; twice as long, up to 8 minutes, whenever the one trial after it fails too."""
    requests_per_minute: float = Field(default=0, ge=0)
    """For every model that `SANCA_MODEL_LIMITS` does not name; 0: no limit of ours."""
    tokens_per_minute: float = Field(default=0, ge=0)
    """The same for input and output tokens together."""
    limits: dict[str, Limits] = Field(default_factory=dict)
    """By the model's name, JSON: `{"qwen-turbo": {"requests_per_minute": 60, "tokens_per_minute": 100000}}`."""

    def limits_of(self, model: str) -> Limits:
        """Return what this model may be asked."""
        everyone = Limits(requests_per_minute=self.requests_per_minute, tokens_per_minute=self.tokens_per_minute)
        return self.limits.get(model, everyone)

    @property
    def patience(self) -> Patience:
        """The waits, as clients take them."""
        return Patience(self.connect_seconds, self.first_token_seconds, self.between_tokens_seconds)


@dataclass(frozen=True)
class Patience:
    """How long a client waits, in seconds; the whole reply is bounded by the request."""

    connect: float = 10.0
    first_token: float = 90.0
    between_tokens: float = 60.0


def deadline_of(request: ModelRequest, patience: Patience) -> Deadline:
    """Return how long this request's reply is waited for, beginning now."""
    return Deadline(
        request.timeout_seconds,
        first_token_seconds=patience.first_token,
        between_tokens_seconds=patience.between_tokens,
    )


_LIMITS = TypeAdapter(dict[str, Limits])


def read_settings(environ: Mapping[str, str]) -> ModelSettings:
    """Return the settings.

    Raises:
        ConfigurationError: A variable cannot be used; says which.
    """
    given: dict[str, Any] = {}
    for name in ModelSettings.model_fields:
        text = environ.get(_PREFIX + name.upper(), "").strip()
        if text:
            given[name] = _limits(text) if name == "limits" else text
    try:
        return ModelSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        setting = _PREFIX + str(first["loc"][0]).upper()
        raise ConfigurationError(f"{setting} is not usable: {first['msg']}.", setting=setting) from None


def _limits(text: str) -> dict[str, Limits]:
    try:
        return _LIMITS.validate_json(text)
    except ValidationError as error:
        raise ConfigurationError(
            "SANCA_MODEL_LIMITS must be a JSON object like "
            '{"my-model": {"requests_per_minute": 60, "tokens_per_minute": 100000}}.',
            setting="SANCA_MODEL_LIMITS",
        ) from error
