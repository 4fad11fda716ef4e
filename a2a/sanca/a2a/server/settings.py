"""The A2A server's own settings; what it shares with other doors is `sanca.core.access.DoorSettings`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.core.agent_loops import HOPS


class A2aServerSettings(BaseSettings):
    """Bounds of the A2A server; prefix `SANCA_A2A_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_A2A_", extra="ignore")

    hops: int = Field(default=HOPS, ge=0, le=100)
    """Agents that a request may have come through."""
    inline_bytes: int = Field(default=256 * 1024, ge=0)
    """Files up to this size are in an artifact itself; larger ones are named there by a URL."""
    push_attempts: int = Field(default=10, ge=1, le=100)
    """How often one notification is tried."""
    push_pause_seconds: float = Field(default=1.0, gt=0)
    """Before the second try; doubled for each further one, at most 300."""
    push_seconds: float = Field(default=20.0, gt=0, le=120)
    """What one try may take."""
    poll_seconds: float = Field(default=1.0, gt=0)
    """How often a followed task that waits for a person is looked at; an answer by this door is seen at once."""
