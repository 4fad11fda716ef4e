"""How to reach the Elasticsearch that keeps the memory. Whether it is used says `SANCA_MEMORY_STORE`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.core.errors import ConfigurationError


class ElasticsearchSettings(BaseSettings):
    """Address, identity and waits; prefix `SANCA_MEMORY_ELASTICSEARCH_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_MEMORY_ELASTICSEARCH_", extra="ignore")

    url: str = "http://127.0.0.1:9200"
    """Where it answers, `https://` for TLS; several nodes of one cluster separated by commas."""
    api_key: SecretStr = SecretStr("")
    """An API key as Elasticsearch shows it, encoded; used instead of user and password."""
    user: str = ""
    """A user name, where there is no API key."""
    password: SecretStr = SecretStr("")
    """That user's password."""
    ca_file: Path | None = None
    """A PEM file with the authority that signed the server's certificate; by default those the system trusts."""
    prefix: str = Field(default="sanca", pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    """What the names of all indices and templates begin with; two installations on one cluster take two."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """How long one request may take; then the store counts as not reachable."""

    @model_validator(mode="after")
    def _urls_are_whole(self) -> Self:
        for url in self.urls:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"SANCA_MEMORY_ELASTICSEARCH_URL must begin with http:// or https://, not {url!r}.")
        return self

    @property
    def urls(self) -> list[str]:
        """The nodes' addresses."""
        return [url.strip().rstrip("/") for url in self.url.split(",") if url.strip()]


def elasticsearch_settings() -> ElasticsearchSettings:
    """Return the settings of the environment.

    Raises:
        ConfigurationError: One of them is wrong; says which.
    """
    try:
        return ElasticsearchSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in ("SANCA_MEMORY_ELASTICSEARCH", *first["loc"])).upper()
        raise ConfigurationError(f"{name}: {first['msg']}.", setting=name) from error
