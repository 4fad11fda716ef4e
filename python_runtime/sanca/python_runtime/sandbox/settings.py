"""The sandbox's settings: how much an action may use, and what it finds. Units are in the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.python_runtime.sandbox.limits import SandboxLimits


class SandboxSettings(BaseSettings, SandboxLimits):
    """Limits and contents of the sandbox; prefix `SANCA_SANDBOX_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_SANDBOX_", extra="ignore", frozen=False)

    level: str = "auto"
    """How actions are kept in: `namespace`, `landlock`, `container`, `monty`, or `auto`, the stronger of the first two
    that works here. See docs/guides/sandbox.md."""
    tenants: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Tenant → the limits that are other than everybody's, for instance `{"lab": {"cores": 2}}`."""
    warm_sessions: int = Field(default=1, ge=0, le=256)
    """Sessions kept ready at the least, so that a new one costs nothing; more when many are taken."""
    warm_sessions_most: int = Field(default=16, ge=0, le=256)
    """Sessions kept ready at the most, of each kind: with and without libraries loaded."""
    warm_idle_seconds: float = Field(default=30.0, gt=0)
    """For how long a busy moment is remembered when it is decided how many to keep ready."""
    warm_libraries_seconds: float = Field(default=5.0, ge=0)
    """So long after the engine's start, when no action runs, libraries are loaded for the first action that imports
    one; 0: only with that action, which then waits a second or two."""
    server_sessions: int = Field(default=10_000, ge=1)
    """After so many sessions a fork server is replaced, so that its hash seed is."""
    server_minutes: float = Field(default=120.0, gt=0)
    """The same, after so long."""
    outside_id: int = Field(default=65533, ge=1)
    """User and group, outside, of everything in the sandbox when the engine runs as root."""
    library_folder: Path | None = None
    """A folder of Python libraries that actions may import; None: the one that `sanca setup-libraries` makes."""
    add_libraries: Literal["never", "ask"] = "never"
    """Whether an action may ask a person to add a library to its session (`sanca.add_library`)."""
    preload: tuple[str, ...] = (
        "asyncio", "base64", "collections", "csv", "dataclasses", "datetime", "decimal", "difflib", "functools",
        "itertools", "json", "math", "random", "re", "statistics", "string", "textwrap", "time", "traceback", "typing",
        "uuid", "zoneinfo",
    )  # fmt: skip
    """Modules loaded once, before any session; each costs start time once and saves it in every session."""
    preload_libraries: tuple[str, ...] = ("numpy", "pandas", "matplotlib.pyplot")
    """The same for sessions with libraries; those that the library folder does not hold are passed over."""
    container_command: str = ""
    """The level `container`: docker, podman or runsc, or the path of one; empty: the first of them that works."""
    control_groups: bool = True
    """Whether the kernel's control groups are used where they may be; without them processor and memory are watched."""
    start_seconds: float = Field(default=20.0, gt=0)
    """How long the fork server may take to start."""

    @model_validator(mode="after")
    def _check_tenants(self) -> Self:
        for tenant in self.tenants:
            self.limits_for(tenant)
        return self

    def limits_for(self, tenant: str = "") -> SandboxLimits:
        """Return a tenant's limits: everybody's, with what `tenants` says of it."""
        everybody = {name: getattr(self, name) for name in SandboxLimits.model_fields}
        try:
            return SandboxLimits.model_validate({**everybody, **self.tenants.get(tenant, {})})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, (tenant, *first["loc"])))
            raise ValueError(f"SANCA_SANDBOX_TENANTS: {place}: {first['msg']}") from None
