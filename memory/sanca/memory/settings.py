"""Settings of the memory room: where it keeps its database, which folders hold more skills, when a match counts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MemorySettings(BaseSettings):
    """Session store and skill library; prefix `SANCA_MEMORY_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_MEMORY_", extra="ignore")

    store: Literal["sqlite", "elasticsearch"] = "sqlite"
    """Where memory is kept: one file of the state folder, or the Elasticsearch of `SANCA_MEMORY_ELASTICSEARCH_URL`."""
    keep_days: int = Field(default=0, ge=0)
    """Messages older than so many days are forgotten, once a day; 0: they are kept."""
    database_name: str = "memory.db"
    """File name of the SQLite database inside the state folder."""
    busy_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long a write waits for another process that holds the database."""
    knowledge_recheck_hours: float = Field(default=24.0, ge=0)
    """How often the files of known documents are looked at again; 0: never."""
    skill_folders: tuple[Path, ...] = ()
    """Folders of further skills beside the shipped ones, as a JSON list; a later skill replaces one of its name."""
    match_threshold: float = Field(default=0.2, ge=0, le=1)
    """A skill is used when its calibrated score is at least this; higher: it says "I don't know how" more often."""
    recall: Literal["on", "off"] = "on"
    """Whether messages are answered with what is remembered, and wishes said in them are kept."""
    tenant_recall: dict[str, Literal["on", "off"]] = {}
    """The same for some tenants, as JSON: `{"acme": "off"}`."""
    sensory_minutes: int = Field(default=30, ge=0, le=1_440)
    """How long it is known what a page showed, for "this page" and "what I selected before"; 0: not at all."""
    mask_secrets: bool = True
    """Whether keys, tokens, passwords and the like are taken out of everything before it is kept."""
    mask_personal: Literal["off", "long_term", "all"] = "long_term"
    """Whether addresses, telephone, card and identity numbers are taken out too; long_term: except out of what a user
    says in a session, which only that user sees and the next message may need."""
    embedder: Literal["static", "openai", "dashscope"] = "static"
    """What turns texts into vectors: offline, any OpenAI-compatible endpoint, or DashScope."""
    embedder_url: str = ""
    """Base URL of the endpoint, for instance `http://127.0.0.1:8000/v1`; empty: the provider's own."""
    embedder_key: SecretStr = SecretStr("")
    """Its key; empty: OPENAI_API_KEY or DASHSCOPE_API_KEY, for the provider's own URL only."""
    embedder_model: str = ""
    """The model's name; empty: `text-embedding-3-small` or `text-embedding-v4`."""
    embedder_dimensions: int = Field(default=0, ge=0, le=8_192)
    """How long vectors shall be; 0: as the model makes them."""
    embedder_batch: int = Field(default=0, ge=0, le=2_048)
    """How many texts a call carries at most; 0: as many as the provider takes."""
    embedder_seconds: float = Field(default=20.0, gt=0, le=300)
    """How long one call may take."""
    embedder_tries: int = Field(default=4, ge=1, le=20)
    """How often a call that failed in passing is made at most."""
    learn: bool = True
    """Whether runs that came out well become skills by themselves; what a person asks to be remembered always does."""
    fade_days: int = Field(default=90, ge=0)
    """A learned skill that was not used for so many days is put aside; 0: never."""
    share_experience: bool = False
    """Whether a learned skill that has helped its user becomes the whole tenant's; else an administrator shares it."""
    proof_seconds: float = Field(default=20.0, ge=0, le=300)
    """How long the trial run of a learned skill that only reads may take; 0: none is run."""
    encryption_key_file: Path | None = None
    """A file with the 64 hexadecimal digits that the embedded store is encrypted with, readable by its owner only."""
    encryption_key_command: str = ""
    """A program with arguments, run without a shell, that prints the key: for a vault or a keyring."""

    def recalls_for(self, tenant: str) -> bool:
        """Whether a tenant's messages are answered with what is remembered."""
        return self.tenant_recall.get(tenant, self.recall) == "on"
