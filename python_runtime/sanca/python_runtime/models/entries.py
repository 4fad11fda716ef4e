"""What a configured model is, as data. No client and no file access."""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Role = Literal["general", "coder", "fast", "judge"]
Kind = Literal["openai", "openai-responses", "dashscope", "anthropic"]

ROLES: tuple[Role, ...] = ("general", "coder", "fast", "judge")
OPENAI_BASE_URL = "https://api.openai.com/v1"
DASHSCOPE_BASE_URL = "https://dashscope.aliyuncs.com/api/v1"
DEFAULT_BASE_URLS: dict[Kind, str] = {
    "openai": OPENAI_BASE_URL,
    "openai-responses": OPENAI_BASE_URL,
    "dashscope": DASHSCOPE_BASE_URL,
    "anthropic": "https://api.anthropic.com",
}


class ModelEntry(BaseModel):
    """One role's model as a person sees it: everything but the key."""

    model_config = ConfigDict(frozen=True)

    role: Role = "general"
    kind: Kind = "openai"
    model: str = ""
    """The model's name as the provider spells it; empty with a local server: the first model it lists."""
    base_url: str = ""
    """Empty: the provider's own address."""
    has_key: bool = False
    source: Literal["environment", "settings"] = "settings"
    fallbacks: tuple[str, ...] = ()
    """Asked in this order when the model fails: `kind:model` or `kind:model@url`."""
    state: Literal["ok", "resting"] = "ok"
    """Whether it is asked now, or left alone because it kept failing."""
    state_detail: str = ""


class Endpoint(BaseModel):
    """Where and how a client calls: an entry with its key. Equal endpoints share one client."""

    model_config = ConfigDict(frozen=True)

    kind: Kind = "openai"
    model: str = Field(default="", max_length=200)
    base_url: str = Field(default="", max_length=1000)
    api_key: SecretStr = SecretStr("")

    @field_validator("model", "base_url", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the base URL {value!r} must start with http:// or https:// and name a server")
        if parts.username or parts.password:
            raise ValueError("the base URL must not carry a user name or password; put the key into its own field")
        return value.rstrip("/")

    @property
    def url(self) -> str:
        """The address that is really called."""
        return self.base_url or DEFAULT_BASE_URLS[self.kind]

    @property
    def written(self) -> str:
        """The endpoint as people write it, without its key."""
        return f"{self.kind}:{self.model}" + (f"@{self.base_url}" if self.base_url else "")

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this very machine."""
        host = urlsplit(self.url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


Models = tuple[Endpoint, ...]
"""A model and its fall-backs, in the order in which they are asked."""
