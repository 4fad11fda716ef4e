"""Which model serves which role, from the environment or the settings page. Hands out models; knows no wire format."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import SecretStr, ValidationError
from sanca.core.errors import ConfigurationError, ModelError
from sanca.core.messages import ModelRequest, PromptMessage, Usage
from sanca.core.ports import Model
from sanca.python_runtime.models.endpoints import EndpointPool, client_of
from sanca.python_runtime.models.entries import ROLES, Endpoint, ModelEntry, Models, Role
from sanca.python_runtime.models.environment import allows_network, explicit_roles, models_from, read_models
from sanca.python_runtime.models.prices import Price, PricedModel, read_prices
from sanca.python_runtime.models.routes import Difficulty, read_routes, route_of
from sanca.python_runtime.models.settings import Patience, read_settings
from sanca.python_runtime.models.settings_file import ModelFile
from sanca.python_runtime.models.streams import closing
from sanca.python_runtime.models.usage import Effort, RoleModel, UsageLedger

_TEST_REQUEST = ModelRequest(
    messages=(PromptMessage(role="user", content="Answer with one word: ready"),),
    max_output_tokens=256,
    timeout_seconds=30.0,
)
_NO_FALLBACKS = ("none",)


class TriedModel(NamedTuple):
    """What came of asking a configured model for one word."""

    roles: str
    """What it is asked as, with commas between."""
    model: str
    """As people write it: `kind:model@url`."""
    ok: bool
    message: str
    seconds: float


class ModelRegistry:
    """The configured models, by role. One an engine; used from its event loop; `close` at the end.

    A role without models of its own uses `general`'s. What was set by a person (`models.json`) comes before the
    environment, for each role.
    """

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        """Read both sources.

        Raises:
            ConfigurationError: `models.json` or a variable cannot be used; says which and why.
        """
        self._file = ModelFile(home / "models.json")
        self._settings = self._file.read()
        self._environment = models_from(environ)
        self._explicit = explicit_roles(environ)
        self._allows_network = allows_network(environ)
        self._prices = read_prices(environ.get("SANCA_MODEL_PRICES", ""))
        self._routes = read_routes(environ.get("SANCA_MODEL_ROUTES", ""))
        self._pool = EndpointPool(read_settings(environ))
        self._ledger = UsageLedger()

    def entries(self) -> list[ModelEntry]:
        """Return what is configured, `general` first; never a key."""
        return [self._entry(role) for role in ROLES if self._own(role)]

    def usage(self) -> list[Usage]:
        """Return what was used since the engine began, by role and model."""
        return self._ledger.rows()

    def model(self, role: str = "general") -> Model | None:
        """Return the model of a role with its fall-backs, or `general`'s; None when neither is set.

        As `fast` it answers without thinking first, where that can be chosen.

        Raises:
            ModelError: `SANCA_ALLOW_MODEL_REQUESTS=0` forbids every one of them.
        """
        return self._ready(role, "off" if role == "fast" else "")

    def route(self, zone: str, difficulty: Difficulty = "normal") -> Model | None:
        """Return the model that thinks for a zone; None when none is set. `SANCA_MODEL_ROUTES` changes which.

        Args:
            zone: `perception`, `cognitive`, `motor`, `expression` or `self_check`; another one is `general`'s.
            difficulty: How hard it is; what is hard for `cognitive` goes to `general`, which thinks first.

        Raises:
            ModelError: As `model` says.
        """
        route = route_of(self._routes, zone, difficulty)
        return self._ready(route.role, route.reasoning)

    def set_model(self, entry: ModelEntry, api_key: str = "") -> list[ModelEntry]:
        """Keep a person's choice for a role, and return all entries.

        Args:
            entry: Role, kind, model, base URL and fall-backs; without fall-backs those there are stay, and `none`
                alone takes them away.
            api_key: Empty: keep the one there is, as long as it goes to the same server.

        Raises:
            ConfigurationError: The entry lacks something, or cannot be kept.
        """
        models = (self._endpoint(entry, api_key), *self._fallbacks(entry))
        settings = {**self._settings, entry.role: models}
        self._file.write(settings)
        self._settings = settings
        for one in models:
            self._pool.forget(one)
        return self.entries()

    def remove(self, role: Role) -> list[ModelEntry]:
        """Forget a person's choice for a role; what the environment says then counts again."""
        settings = {name: models for name, models in self._settings.items() if name != role}
        self._file.write(settings)
        self._settings = settings
        return self.entries()

    async def test(self, entry: ModelEntry, api_key: str = "") -> tuple[bool, str, float]:
        """Ask the model for one word. Returns whether it answered, one clear sentence, and the seconds it took."""
        try:
            endpoint = self._endpoint(entry, api_key)
        except ConfigurationError as error:
            return False, str(error), 0.0
        ok, message, seconds = await self._try(endpoint)
        if ok:
            self._pool.forget(endpoint)
        return ok, message, seconds

    async def _try(self, endpoint: Endpoint) -> tuple[bool, str, float]:
        started = time.monotonic()
        try:
            self._check_allowed(endpoint)
            name = await _ask(endpoint)
        except ModelError as error:
            return False, str(error), time.monotonic() - started
        seconds = time.monotonic() - started
        return True, f"{name} at {endpoint.place} answered in {seconds:.1f} seconds.", seconds

    async def try_out(self, role: str = "") -> AsyncIterator[TriedModel]:
        """Ask every configured model for one word, fall-backs too; each endpoint once.

        Args:
            role: Only the models of this role; empty: of all.

        Raises:
            ConfigurationError: There is no such role.
        """
        if role and role not in ROLES:
            raise ConfigurationError(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.")
        places: dict[Endpoint, list[str]] = {}
        for name in ROLES:
            for number, endpoint in enumerate((self._own(name) or self._own("general")) if role in {"", name} else ()):
                places.setdefault(endpoint, []).append(f"{name}{' fall-back' if number else ''}")
        for endpoint, roles in places.items():
            ok, message, seconds = await self._try(endpoint)
            yield TriedModel(", ".join(roles), endpoint.written, ok, message, seconds)

    def price(self, model: str) -> Price | None:
        """Return what a model's tokens cost; None when the operator did not tell."""
        return self._prices.get(model)

    async def close(self) -> None:
        """Close every client's connections."""
        await self._pool.close()

    def _own(self, role: Role) -> Models:
        """Return the models that are set for this very role, the person's before the environment's."""
        if role in self._settings:
            return self._settings[role]
        if role != "general" and "general" in self._settings and role not in self._explicit:
            return ()  # what a person chose as `general` comes before what others get by default
        return self._environment.get(role, ())

    def _ready(self, role: str, reasoning: Effort) -> Model | None:
        known: Role = next((one for one in ROLES if one == role), "general")
        models = self._own(known) or self._own("general")
        if not models:
            return None
        allowed = [one for one in models if self._allows_network or one.is_loopback]
        if not allowed:
            self._check_allowed(models[0])
        return RoleModel(PricedModel(self._pool.model(allowed), self._prices), known, self._ledger, reasoning=reasoning)

    def _entry(self, role: Role) -> ModelEntry:
        source: Literal["environment", "settings"] = "settings" if role in self._settings else "environment"
        first, *others = self._own(role)
        detail = self._pool.detail(first)
        return ModelEntry(
            role=role,
            kind=first.kind,
            model=first.model,
            base_url=first.base_url,
            has_key=bool(first.api_key.get_secret_value()),
            source=source,
            fallbacks=tuple(one.written for one in others),
            state="resting" if detail else "ok",
            state_detail=detail,
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
            endpoint = self._with_known_key(endpoint, entry.role)
        _check_complete(endpoint)
        return endpoint

    def _fallbacks(self, entry: ModelEntry) -> Models:
        if not entry.fallbacks:
            return self._settings.get(entry.role, ())[1:]
        if entry.fallbacks == _NO_FALLBACKS:
            return ()
        written = read_models(", ".join(entry.fallbacks), {}, setting="The list of fall-backs", needs_key=False)
        found = tuple(self._with_known_key(one, entry.role) for one in written)
        for one in found:
            _check_complete(one)
        return found

    def _with_known_key(self, wanted: Endpoint, role: Role) -> Endpoint:
        # A key never follows a changed address: who may set the URL must not learn the key.
        everyone = (self._settings.get(role, ()), *self._settings.values(), *self._environment.values())
        for known in (one for models in everyone for one in models):
            if (known.kind, known.url) == (wanted.kind, wanted.url) and known.api_key.get_secret_value():
                return wanted.model_copy(update={"api_key": known.api_key})
        return wanted

    def _check_allowed(self, endpoint: Endpoint) -> None:
        if not self._allows_network and not endpoint.is_loopback:
            raise ModelError(
                f"SANCA_ALLOW_MODEL_REQUESTS=0 forbids asking {endpoint.place}; use a scripted or local model."
            )


def _check_complete(endpoint: Endpoint) -> None:
    if not endpoint.base_url and not endpoint.api_key.get_secret_value():
        raise ConfigurationError(
            f"A model at {endpoint.place} needs a key; give one, or the base URL of a local server."
        )
    if not endpoint.model and (endpoint.kind != "openai" or not endpoint.base_url):
        raise ConfigurationError("The model's name is missing; give it as the provider spells it.")


async def _ask(endpoint: Endpoint) -> str:
    client = client_of(endpoint, Patience())
    try:
        async with closing(client.stream(_TEST_REQUEST)) as deltas:
            async for _ in deltas:
                pass
        return client.name
    finally:
        await client.close()
