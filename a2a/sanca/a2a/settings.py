"""What the client side of A2A has in common with the server side: how we are called, and how far a request may go."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.core.agent_loops import HOPS


class A2aClientSettings(BaseSettings):
    """Settings of the agent toolkits."""

    model_config = SettingsConfigDict(env_prefix="SANCA_", extra="ignore")

    a2a_hops: int = Field(default=HOPS, ge=0, le=100)
    """Agents that a request may have come through, ourselves among them, when it leaves here."""
    http_url: str = ""
    """How others reach our own door; empty: as `engine.json` says."""
