"""The doors' settings: where the HTTP server listens, for whom, and how much. Read once, checked before it listens."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError
from sanca.core.errors import ConfigurationError

DEFAULT_PORT = 15335
DEFAULT_GRPC_PORT = 15336
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class DoorsSettings(BaseSettings):
    """Prefix `SANCA_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_", extra="ignore", env_ignore_empty=True)

    http_port: int | None = Field(default=None, ge=0, le=65_535)
    """Where the HTTP server listens; 0: any. Unset: not at all, unless `sanca serve --http`."""
    http_host: str = "127.0.0.1"
    """The address it listens on; anything but loopback needs TLS or a proxy, and a key or an issuer."""
    http_url: str = ""
    """How others reach it; by default made of host and port."""
    http_behind_proxy: bool = False
    """Whether a reverse proxy does TLS in front of it, whose `X-Forwarded-For` and `-Proto` count."""
    http_proxies: list[str] = ["127.0.0.1", "::1"]
    """The addresses of such proxies, as JSON."""
    http_certificate: Path | None = None
    """PEM of the certificate chain, for HTTP and gRPC."""
    http_key: Path | None = None
    """PEM of its key."""
    http_hosts: list[str] = []
    """What a `Host` header may say besides loopback names and the host of `http_url`, as JSON."""
    http_origins: list[str] = []
    """What an `Origin` header may say, as JSON: `["https://portal.example"]`; else browsers are refused."""
    http_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1_024)
    """Largest body of a request."""
    http_requests_per_minute: int = Field(default=600, ge=1)
    """Requests of one identity in a minute, and of one address that names none."""
    http_streams: int = Field(default=1_000, ge=1)
    """Requests of one identity that are being answered at the same time."""
    http_connections: int = Field(default=4_000, ge=1)
    """Connections of all together."""
    http_failures_per_minute: int = Field(default=30, ge=1)
    """Wrong credentials that one address may show in a minute."""
    http_header_seconds: float = Field(default=10.0, gt=0)
    """How long a connection may take to say what it wants."""
    http_body_seconds: float = Field(default=60.0, gt=0)
    """How long a body may take to arrive."""
    a2a_grpc_port: Annotated[int, Field(ge=0, le=65_535)] | Literal["off"] | None = None
    """Where A2A's gRPC listens; 0: any, `off`: not at all. By default 15336, and any when the HTTP port is any."""
    agent_name: str = "sanca"
    """What agent cards and MCP clients read as its name."""
    agent_description: str = ""
    """What they read about it; empty: the doors' own words."""
    oidc_issuer: str = ""
    """An issuer of tokens; its keys are found by discovery."""
    oidc_audience: str = ""
    """What a token must be made for; by default `http_url`."""
    oidc_rights: dict[str, list[str]] = {}
    """A token's scopes → rights, as JSON; empty: each scope is a right of that name."""
    oidc_tenant_claim: str = "tenant"
    """The claim that names the tenant; a token without it is the tenant's `default`."""
    oidc_user_claim: str = "sub"
    """The claim that names the user."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.http_certificate is None) != (self.http_key is None):
            raise ValueError("SANCA_HTTP_CERTIFICATE and SANCA_HTTP_KEY belong together: set both.")
        for name, url in (("SANCA_HTTP_URL", self.http_url), ("SANCA_OIDC_ISSUER", self.oidc_issuer)):
            parts = urlsplit(url)
            if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
                raise ValueError(f"{name} is {url!r}; it must be an address such as https://agents.example.")
        issuer = urlsplit(self.oidc_issuer)
        if issuer.scheme == "http" and not is_loopback(issuer.hostname or ""):
            raise ValueError("SANCA_OIDC_ISSUER must begin with https://, unless it is on this machine.")
        return self

    @property
    def scheme(self) -> str:
        """What its own address begins with."""
        return "https" if self.http_certificate else "http"

    def url_at(self, port: int) -> str:
        """Return how others reach it, without a slash at the end."""
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return (self.http_url or f"{self.scheme}://{host}:{port}").rstrip("/")

    def hosts(self) -> frozenset[str]:
        """Return what a `Host` header may say, in lower case and without a port; `*` stands for anything."""
        own = urlsplit(self.http_url).hostname or ""
        named = (*_LOOPBACK_NAMES, own, *self.http_hosts, *((self.http_host,) if self._is_named else ()))
        return frozenset(name.lower().strip("[]") for name in named if name)

    @property
    def _is_named(self) -> bool:
        return self.http_host not in ("0.0.0.0", "::")  # noqa: S104 - a comparison; listening there needs TLS and a key

    def check_exposure(self, *, has_way_in: bool) -> None:
        """Refuse to listen where strangers are, without protection.

        Args:
            has_way_in: Whether there is an API key or an issuer.

        Raises:
            ConfigurationError: What is missing, in one sentence.
        """
        for path in (self.http_certificate, self.http_key):
            if path is not None and not path.is_file():
                raise ConfigurationError(f"There is no file {str(path)!r} for TLS.", setting="SANCA_HTTP_CERTIFICATE")
        if is_loopback(self.http_host):
            return
        missing = []
        if not (self.http_certificate or self.http_behind_proxy):
            missing.append("TLS (SANCA_HTTP_CERTIFICATE and SANCA_HTTP_KEY) or SANCA_HTTP_BEHIND_PROXY=true")
        if not has_way_in:
            missing.append("an API key (`sanca keys add`) or SANCA_OIDC_ISSUER")
        if missing:
            raise ConfigurationError(
                f"SANCA_HTTP_HOST is {self.http_host!r}, where others reach it: that needs {', and '.join(missing)}.",
                setting="SANCA_HTTP_HOST",
            )


def read_settings() -> DoorsSettings:
    """Read the settings.

    Raises:
        ConfigurationError: One is wrong; says which and why.
    """
    try:
        return DoorsSettings()
    except SettingsError as error:
        raise ConfigurationError(f"{str(error).rstrip('.')}: it must be JSON.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SANCA_{str(first['loc'][0]).upper()}" if first["loc"] else ""
        said = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise ConfigurationError(f"{name}: {said}." if name else f"{said}.", setting=name or None) from error


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
