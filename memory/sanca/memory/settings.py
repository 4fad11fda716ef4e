"""Settings of the memory room: where it keeps its database, which folders hold more skills, when a match counts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MemorySettings(BaseSettings):
    """Session store and skill library; prefix `SANCA_MEMORY_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_MEMORY_", extra="ignore")

    store: Literal["sqlite", "elasticsearch"] = "sqlite"
    """Where memory is kept: in one file of the state folder, or in the Elasticsearch that `SANCA_MEMORY_ELASTICSEARCH_…`
    names."""
    keep_days: int = Field(default=0, ge=0)
    """Messages older than so many days are forgotten, once a day; 0: they are kept."""
    database_name: str = "memory.db"
    """File name of the SQLite database inside the state folder."""
    busy_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long a write waits for another process that holds the database."""
    skill_folders: tuple[Path, ...] = ()
    """Folders of further skills beside the shipped ones, as a JSON list; a later skill replaces one of its name."""
    match_threshold: float = Field(default=0.2, ge=0, le=1)
    """A skill is used when its calibrated score is at least this; higher: it says "I don't know how" more often."""
    mask_secrets: bool = True
    """Whether keys, tokens, passwords and the like are taken out of everything before it is kept."""
    mask_personal: Literal["off", "long_term", "all"] = "long_term"
    """Whether addresses, telephone, card and identity numbers are taken out too; long_term: except out of what a user
    says in a session, which only that user sees and the next message may need."""
