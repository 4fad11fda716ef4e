"""Which model serves which role, from the environment or the settings page. Hands out clients; knows no wire format."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr, ValidationError
from sanca.core.errors import ConfigurationError, ModelError
from sanca.core.messages import ModelRequest, PromptMessage
from sanca.core.ports import Model
from sanca.python_runtime.models.dashscope_client import DashScopeModel
from sanca.python_runtime.models.entries import ROLES, Endpoint, ModelEntry, Role
from sanca.python_runtime.models.environment import allows_network, endpoint_from
from sanca.python_runtime.models.openai_client import OpenAIModel
from sanca.python_runtime.models.prices import PricedModel, read_prices
from sanca.python_runtime.models.retry import RetryingModel
from sanca.python_runtime.models.settings_file import ModelFile
from sanca.python_runtime.models.streams import closing

_TEST_REQUEST = ModelRequest(
    messages=(PromptMessage(role="user", content="Answer with one word: ready"),),
    max_output_tokens=256,
    timeout_seconds=30.0,
)


class _Client(Model, Protocol):
    async def close(self) -> None:
        """Close the connections."""


class ModelRegistry:
    """The configured models, by role. One an engine; used from its event loop; `close` at the end.

    A role without a model of its own uses `general`. What was set by a person (`models.json`) comes before the
    environment, which can only give `general`.
    """

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        """Read both sources.

        Raises:
            ConfigurationError: `models.json` or a variable cannot be used; says which and why.
        """
        self._file = ModelFile(home / "models.json")
        self._settings = self._file.read()
        self._environment = endpoint_from(environ)
        self._allows_network = allows_network(environ)
        self._prices = read_prices(environ.get("SANCA_MODEL_PRICES", ""))
        self._clients: dict[Endpoint, _Client] = {}

    def entries(self) -> list[ModelEntry]:
        """Return what is configured, `general` first; never a key."""
        found = [self._entry(role) for role in ROLES]
        return [entry for entry in found if entry is not None]

    def model(self, role: str = "general") -> Model | None:
        """Return the model of a role, or of `general`; None when neither is set.

        Raises:
            ModelError: `SANCA_ALLOW_MODEL_REQUESTS=0` forbids models outside this machine.
        """
        endpoint = next((one for name, one in self._settings.items() if name == role), None) or self._general()
        return None if endpoint is None else self._ready(endpoint)

    def set_model(self, entry: ModelEntry, api_key: str = "") -> list[ModelEntry]:
        """Keep a person's choice for a role, and return all entries.

        Args:
            entry: Role, kind, model and base URL.
            api_key: Empty: keep the one there is, as long as it goes to the same server.

        Raises:
            ConfigurationError: The entry lacks something, or cannot be kept.
        """
        settings = {**self._settings, entry.role: self._endpoint(entry, api_key)}
        self._file.write(settings)
        self._settings = settings
        return self.entries()

    def remove(self, role: Role) -> list[ModelEntry]:
        """Forget a person's choice for a role; what the environment says then counts again."""
        settings = {name: endpoint for name, endpoint in self._settings.items() if name != role}
        self._file.write(settings)
        self._settings = settings
        return self.entries()

    async def test(self, entry: ModelEntry, api_key: str = "") -> tuple[bool, str, float]:
        """Ask the model for one word. Returns whether it answered, one clear sentence, and the seconds it took."""
        started = time.monotonic()
        try:
            endpoint = self._endpoint(entry, api_key)
            self._check_allowed(endpoint)
            name = await _ask(endpoint)
        except (ModelError, ConfigurationError) as error:
            return False, str(error), time.monotonic() - started
        seconds = time.monotonic() - started
        return True, f"{name} at {endpoint.place} answered in {seconds:.1f} seconds.", seconds

    async def close(self) -> None:
        """Close every client's connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    def _general(self) -> Endpoint | None:
        return self._settings.get("general") or self._environment

    def _entry(self, role: Role) -> ModelEntry | None:
        source: Literal["environment", "settings"] = "settings" if role in self._settings else "environment"
        endpoint = self._settings.get(role) or (self._environment if role == "general" else None)
        if endpoint is None:
            return None
        has_key = bool(endpoint.api_key.get_secret_value())
        return ModelEntry(
            role=role,
            kind=endpoint.kind,
            model=endpoint.model,
            base_url=endpoint.base_url,
            has_key=has_key,
            source=source,
        )

    def _endpoint(self, entry: ModelEntry, api_key: str) -> Endpoint:
        try:
            endpoint = Endpoint(
                kind=entry.kind, model=entry.model, base_url=entry.base_url, api_key=SecretStr(api_key.strip())
            )
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ConfigurationError(f"The model cannot be set: {reason}.") from None
        if not api_key.strip():
            endpoint = endpoint.model_copy(update={"api_key": self._known_key(entry.role, endpoint)})
        _check_complete(endpoint)
        return endpoint

    def _known_key(self, role: Role, wanted: Endpoint) -> SecretStr:
        # A key never follows a changed address: who may set the URL must not learn the key.
        for known in (self._settings.get(role), self._general(), self._environment):
            if known is not None and (known.kind, known.url) == (wanted.kind, wanted.url):
                return known.api_key
        return SecretStr("")

    def _check_allowed(self, endpoint: Endpoint) -> None:
        if not self._allows_network and not endpoint.is_loopback:
            raise ModelError(
                f"SANCA_ALLOW_MODEL_REQUESTS=0 forbids asking {endpoint.place}; use a scripted or local model."
            )

    def _ready(self, endpoint: Endpoint) -> Model:
        self._check_allowed(endpoint)
        if endpoint not in self._clients:
            self._clients[endpoint] = _client(endpoint)
        return PricedModel(RetryingModel(self._clients[endpoint]), self._prices)


def _client(endpoint: Endpoint) -> _Client:
    return DashScopeModel(endpoint) if endpoint.kind == "dashscope" else OpenAIModel(endpoint)


def _check_complete(endpoint: Endpoint) -> None:
    if not endpoint.base_url and not endpoint.api_key.get_secret_value():
        raise ConfigurationError(
            f"A model at {endpoint.place} needs a key; give one, or the base URL of a local server."
        )
    if not endpoint.model and (endpoint.kind == "dashscope" or not endpoint.base_url):
        raise ConfigurationError("The model's name is missing; give it as the provider spells it.")


async def _ask(endpoint: Endpoint) -> str:
    client = _client(endpoint)
    try:
        async with closing(client.stream(_TEST_REQUEST)) as deltas:
            async for _ in deltas:
                pass
        return client.name
    finally:
        await client.close()
