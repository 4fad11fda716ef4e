"""The settings every room shares: where sanca keeps its state on this machine."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.core.home import ensure_home, find_home

__all__ = ["CoreSettings", "ensure_home", "find_home"]


class CoreSettings(BaseSettings):
    """State folder and log level; prefix `SANCA_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_", extra="ignore")

    home: Path = Field(default_factory=find_home)
    """Where journal, memory, tokens and files lie; mode 0700."""
    log_level: str = "info"
    """debug, info, warning or error."""
