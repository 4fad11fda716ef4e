"""Sizes of prompts: how many characters each segment may take."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PromptSettings(BaseSettings):
    """Budgets and limits of prompts; prefix `SANCA_PROMPT_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_PROMPT_", extra="ignore", frozen=True)

    budget_chars: int = Field(default=60_000, ge=4_000)
    """Characters of all messages but the system one; about a quarter as many tokens in English."""
    toolkits_chars: int = Field(default=40_000, ge=1_000)
    """Characters of the toolkits' type stubs in the system message."""
    segment_chars: int = Field(default=8_000, ge=500)
    """Characters of one segment (an observation, the page's selection) before its middle is left out."""
    history_messages: int = Field(default=20, ge=0)
    """Earlier messages of the session at most."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_output_tokens: int = Field(default=4096, ge=64)
    timeout_seconds: float = Field(default=120.0, gt=0)
    """How long a model may take for one reply."""
    templates: Path | None = None
    """A folder whose files replace the built-in templates of the same name (builder `Custom`)."""
