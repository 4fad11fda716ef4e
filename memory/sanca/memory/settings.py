"""Settings of the memory room: where it keeps its database, which folders hold more skills, when a match counts."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MemorySettings(BaseSettings):
    """Session store and skill library; prefix `SANCA_MEMORY_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_MEMORY_", extra="ignore")

    database_name: str = "memory.db"
    """File name of the SQLite database inside the state folder."""
    busy_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long a write waits for another process that holds the database."""
    skill_folders: tuple[Path, ...] = ()
    """Folders of further skills beside the shipped ones, as a JSON list; a later skill replaces one of its name."""
    match_threshold: float = Field(default=0.2, ge=0, le=1)
    """A skill is used when its calibrated score is at least this; higher: it says "I don't know how" more often."""
