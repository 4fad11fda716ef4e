"""How much a sandbox session may use, and each part's unit. Only numbers; who enforces which is said in the guide."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SandboxLimits(BaseModel):
    """Limits of one session; a tenant may have its own (`SandboxSettings.limits_for`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cores: float = Field(default=0.5, gt=0, le=1024)
    """Processor cores a session gets while it runs an action."""
    memory_megabytes: int = Field(default=256, ge=32)
    """Memory of a session beyond what the preloaded libraries use: of each process by the kernel, of all together
    as `docs/guides/security.md` says."""
    action_seconds: float = Field(default=30.0, gt=0)
    """An action's own time, for callers to pass on; waiting for a tool or a person does not count."""
    session_seconds: float = Field(default=3600.0, gt=0)
    """All actions' own time together."""
    session_cpu_seconds: float = Field(default=1800.0, gt=0)
    """All actions' processor time together."""
    processes: int = Field(default=16, ge=2, le=1024)
    """Processes and threads of a session."""
    file_megabytes: int = Field(default=32, ge=1)
    """The longest file an action may write."""
    open_files: int = Field(default=64, ge=16, le=1024)
    """Open files of a process."""
    tmp_megabytes: int = Field(default=64, ge=1)
    """Size of a session's /tmp, which lies in memory."""
    tmp_files: int = Field(default=4096, ge=64)
    """Files and folders of a session's /tmp."""
    output_folder_megabytes: int = Field(default=256, ge=1)
    """What /output may hold altogether."""
    output_kilobytes: int = Field(default=64, ge=1, le=1024)
    """How much of what an action prints is kept."""
