"""The sandbox's settings: how much an action may use. Units are in the names."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    """Limits and contents of the sandbox; prefix `SANCA_SANDBOX_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_SANDBOX_", extra="ignore")

    action_seconds: float = Field(default=30.0, gt=0)
    """An action's own time, for callers to pass on; waiting for a tool or a person does not count."""
    memory_megabytes: int = Field(default=256, ge=32)
    """Address space of a guest beyond what the preloaded libraries use."""
    processes: int = Field(default=16, ge=2)
    """Processes and threads of a session."""
    file_megabytes: int = Field(default=32, ge=1)
    """The longest file an action may write."""
    open_files: int = Field(default=64, ge=16)
    """Open files of a process."""
    tmp_megabytes: int = Field(default=64, ge=1)
    """Size of a session's /tmp, which lies in memory."""
    output_folder_megabytes: int = Field(default=256, ge=1)
    """What /output may hold altogether."""
    output_kilobytes: int = Field(default=64, ge=1)
    """How much of what an action prints is kept."""
    warm_sessions: int = Field(default=1, ge=0, le=16)
    """Sessions kept ready, so that a new one costs nothing."""
    outside_id: int = Field(default=65533, ge=1)
    """User and group, outside, of everything in the sandbox when the engine runs as root."""
    library_folder: Path | None = None
    """A folder of Python libraries that actions may import; none by default."""
    preload: tuple[str, ...] = (
        "asyncio", "base64", "collections", "csv", "dataclasses", "datetime", "decimal", "difflib", "functools",
        "itertools", "json", "math", "random", "re", "statistics", "string", "textwrap", "time", "traceback", "typing",
        "uuid", "zoneinfo",
    )  # fmt: skip
    """Modules loaded once, before any session; each costs start time once and saves it in every session."""
    start_seconds: float = Field(default=20.0, gt=0)
    """How long the fork server may take to start."""
