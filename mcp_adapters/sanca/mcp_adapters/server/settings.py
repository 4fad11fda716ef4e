"""How much the MCP server gives away, keeps and waits."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sanca.core.errors import ConfigurationError


class McpServerSettings(BaseSettings):
    """Of the MCP server; prefix `SANCA_MCP_`."""

    model_config = SettingsConfigDict(env_prefix="SANCA_MCP_", extra="ignore")

    tools: str = ""
    """Which tools of the toolkits are offered besides the agent: patterns of `toolkit.tool` with commas between them,
    for instance `system.*,orders.find`; empty: none. Who calls them needs the right `sanca:tools`, too."""
    sessions: int = Field(default=2_000, ge=1)
    """Sessions of the protocol until 2025-11-25 that may be open at once; a further one is refused."""
    sessions_each: int = Field(default=1_000, ge=1)
    """Those of one identity."""
    session_seconds: float = Field(default=1_800.0, gt=0)
    """A session in which nothing was asked for so long is closed."""
    wait_seconds: float = Field(default=600.0, gt=0)
    """How long a request waits for a run; then it is answered with where to find the run, which goes on."""
    task_seconds: float = Field(default=2.0, ge=0)
    """A run that takes longer becomes a task, where the client knows tasks."""
    body_bytes: int = Field(default=4 * 1024 * 1024, ge=1_024)
    """The largest message."""
    streams: int = Field(default=1_024, ge=1)
    """Clients that may listen for changes at once (`subscriptions/listen`)."""
    watch_seconds: float = Field(default=5.0, gt=0)
    """How often is looked whether the toolkits changed, while somebody listens."""

    def offers(self, toolkit: str, tool: str) -> bool:
        """Whether a tool of a toolkit is offered."""
        name = f"{toolkit}.{tool}"
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of `tools`."""
        return tuple(part for raw in self.tools.split(",") if (part := raw.strip()))


def read_settings() -> McpServerSettings:
    """Read them from the environment.

    Raises:
        ConfigurationError: One is wrong; says which.
    """
    try:
        return McpServerSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SANCA_MCP_{str(first['loc'][0]).upper()}"
        raise ConfigurationError(f"{name}={first['input']!r} is not right: {first['msg']}.", setting=name) from error
