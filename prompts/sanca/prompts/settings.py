"""Settings of prompts that an operator gives by the environment; everything else stands in configuration files."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PromptSettings(BaseSettings):
    """Where the configurations are, and what counts whatever they say for everybody; prefix `SANCA_PROMPT_`.

    A value set here comes before the shipped and the operator's own `default` configuration, and after what a file
    says for a model, a scenario or a tenant.
    """

    model_config = SettingsConfigDict(env_prefix="SANCA_PROMPT_", extra="ignore", frozen=True)

    folder: Path | None = None
    """The operator's configurations and templates; `prompts` in the state folder when it is not set."""
    reload_seconds: float = Field(default=1.0, ge=0)
    """How often, at most, it is looked whether a file changed; a prompt that is wanted looks, nothing else does."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Of every purpose."""
    output_tokens: int | None = Field(default=None, ge=64, le=200_000)
    """Longest reply of every purpose."""
    timeout_seconds: float | None = Field(default=None, gt=0, le=3_600)
    """How long a model may take for one reply, for every purpose."""
    budget_tokens: int | None = Field(default=None, ge=1_000, le=2_000_000)
    """Tokens of all messages but the system one, for every purpose."""

    def overrides(self) -> dict[str, float | int]:
        """Return what is set, by the name it has in a configuration."""
        names = ("temperature", "output_tokens", "timeout_seconds", "budget_tokens")
        return {name: value for name in names if (value := getattr(self, name)) is not None}
