"""The settings of the web toolkit: which pages, for whom, how much, and who is asked to search. Reads no page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.web.allowed import Allowed

FirstUse = Literal["allow", "ask"]
Patterns = Annotated[tuple[str, ...], NoDecode]


class ProviderSettings(BaseModel):
    """A service that is asked: `SANCA_WEB_SEARCH_…` or `SANCA_WEB_DOCS_…`. It is the operator's, so it may be inner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["", "searxng", "brave", "tavily", "custom"] = ""
    """Whose form of request and answer; empty with an address: `custom`."""
    tool: str = ""
    """Instead of an address: a tool that is called through the gate, `mcp.search.find`; `body` holds its arguments."""
    url: str = ""
    """Of `custom` with `{query}` and `{limit}`, and `{library}` for documentation; brave and tavily have their own."""
    body: str = ""
    """Of `custom`: a JSON body with the same places; then it is a POST."""
    key_file: Path | None = None
    """A file that holds nothing but the key."""
    key_header: str = ""
    """What carries the key; `Authorization` gets `Bearer` before it."""
    results: str = "results"
    """Where the list of results is in the answer, dots between the names: `web.results`; empty: the answer itself."""
    title: str = "title"
    link: str = "url"
    text: str = "content"

    @property
    def is_on(self) -> bool:
        """Whether there is one to ask."""
        return bool(self.tool or self.url or self.kind in {"brave", "tavily"})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.tool:
            if "." not in self.tool.strip(".") or self.tool.startswith("web."):
                raise ValueError("the tool must be named toolkit.tool, and be none of the web's own")
            if self.kind or self.url:
                raise ValueError("give either a tool, or a kind and a url")
        elif self.kind in {"searxng", "custom"} and not self.url:
            raise ValueError(f"a provider of the kind {self.kind!r} needs a url")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("the url must start with http:// or https://")
        if self.url and self.kind in {"", "custom"} and "{query}" not in self.url + self.body:
            raise ValueError("{query} must stand in the url or the body")
        if self.body:
            try:
                json.loads(self.body)
            except ValueError:
                raise ValueError("the body is no JSON") from None
        return self


class TenantSettings(BaseModel):
    """What one tenant may read, instead of what all may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: tuple[str, ...] | None = None
    first_use: FirstUse | None = None

    @field_validator("allow")
    @classmethod
    def _check(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if given is None else _are_patterns(given)


class WebSettings(BaseSettings):
    """Prefix `SANCA_WEB_`. Nothing set: there is no web toolkit."""

    model_config = SettingsConfigDict(
        env_prefix="SANCA_WEB_", extra="ignore", env_nested_delimiter="_", env_nested_max_split=1
    )

    allow: Patterns = ()
    """Pages that may be read, separated by commas: `docs.python.org`, `*.example.com/docs`, `!…`: not, `*`: any."""
    first_use: FirstUse = "allow"
    """`ask`: a person agrees before the first page of a host is read in a session."""
    tenants: dict[str, TenantSettings] = {}
    """Others for some tenants, as JSON: `{"acme":{"allow":["wiki.acme.example"],"first_use":"ask"}}`."""
    page_bytes: int = Field(default=5_000_000, ge=1_000, le=50_000_000)
    """Of a page, unpacked; what is more is cut, of a PDF refused."""
    seconds: float = Field(default=30.0, gt=0, le=300)
    """For fetching one page, redirects included."""
    pause_seconds: float = Field(default=0.5, ge=0, le=60)
    """Between two requests to one host."""
    search: ProviderSettings = ProviderSettings()
    """Who is asked by `search`: `SANCA_WEB_SEARCH_KIND`, `_URL`, `_KEY_FILE` …"""
    docs: ProviderSettings = ProviderSettings()
    """Who is asked by `docs`; nobody: who searches."""

    @field_validator("allow", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return tuple(one.strip() for one in given.split(",") if one.strip()) if isinstance(given, str) else given

    @field_validator("allow")
    @classmethod
    def _check(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _are_patterns(given)

    @property
    def is_on(self) -> bool:
        """Whether anybody may do anything."""
        may_read = self.allow or any(tenant.allow for tenant in self.tenants.values())
        return bool(may_read or self.search.is_on or self.docs.is_on)

    def allowed_for(self, tenant: str) -> Allowed:
        """Return which pages a tenant may read."""
        own = self.tenants.get(tenant, TenantSettings()).allow
        return Allowed(self.allow if own is None else own)

    def asks_first(self, tenant: str) -> bool:
        """Whether a person is asked before the first page of a host."""
        return (self.tenants.get(tenant, TenantSettings()).first_use or self.first_use) == "ask"


def _are_patterns(given: tuple[str, ...]) -> tuple[str, ...]:
    Allowed(given)
    return given


def read_settings() -> WebSettings:
    """Return the settings.

    Raises:
        ConfigurationError: Names the setting, not what it holds.
    """
    try:
        return WebSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "_".join(["SANCA_WEB", *(str(part).upper() for part in first["loc"])])
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{name} is not right: {reason}.", setting=name) from None
    except ValueError as error:  # JSON that is none
        raise ConfigurationError(f"A setting SANCA_WEB_… is not right: {error}.", setting="SANCA_WEB_") from None
