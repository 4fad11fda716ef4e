"""The file `toolkits.json` of the state folder, as data: outside MCP servers and agents. Connects to nothing."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from sanca.core.errors import ConfigurationError
from sanca.core.mcp_oauth import McpOAuth
from sanca.core.untrusted import plain_name

FILE_NAME = "toolkits.json"
AGENTS_FILE = "agents.json"
"""Further agents, `{"<name>": {"url": …}}`: for a program that keeps a list and should not write `toolkits.json`."""


class McpServerEntry(BaseModel):
    """One MCP server: started by a command, or reached by a URL."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, SecretStr] = Field(default_factory=dict)
    """Added to `HOME LOGNAME PATH SHELL TERM USER`, which is all the server sees of our environment."""
    cwd: str | None = None
    url: str = ""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    timeout_seconds: float = Field(default=30.0, gt=0, le=3600)
    """For one call."""
    start_timeout_seconds: float = Field(default=15.0, gt=0, le=600)
    """For starting or reaching it."""
    type: Literal["", "stdio", "http", "streamable-http", "sse"] = ""
    """Only `sse` makes a difference: the transport of 2024, of which `url` is the stream."""
    protocol: Literal["auto", "2025-11-25", "2026-07-28"] = "auto"
    trust: Literal["none", "hints"] = "none"
    """`hints`: it is believed which of its tools only read or may be repeated; otherwise each of them asks a person."""
    reads: tuple[str, ...] = ()
    """Names of tools that only read, whatever the server says; `*` stands for any characters."""
    oauth: McpOAuth | None = None

    @model_validator(mode="after")
    def _check(self) -> McpServerEntry:
        if bool(self.command) == bool(self.url):
            raise ValueError('give either "command" or "url"')
        if self.oauth is not None and not self.url:
            raise ValueError('"oauth" is for servers with a "url"')
        if self.url:
            check_url(self.url)
        return self


class AgentEntry(BaseModel):
    """One other agent that speaks A2A."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    """Where its agent card lies under `/.well-known/`."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    timeout_seconds: float = Field(default=120.0, gt=0, le=3600)
    trust: Literal["untrusted", "known", "trusted"] = "known"
    """Of an untrusted one, a person agrees to each question, nothing secret goes out, no file, card text or skill is
    taken. A known one is asked freely; what it says is outside data. A trusted one's words are taken as they are."""
    binding: Literal["", "JSONRPC", "HTTP+JSON", "GRPC"] = ""
    """Empty: what its card prefers."""
    late: bool = False
    """Whether `ask` lets go of an answer that takes longer than its time; it then comes later, as that of `send`."""
    late_seconds: float = Field(default=7 * 86_400.0, gt=0, le=90 * 86_400)
    """How long a late answer is waited for."""
    card_key: str | dict[str, Any] = ""
    """The public key its card must be signed with: PEM, or a JWK."""
    requires_signature: bool = False
    """Whether a card without a good signature is refused; without `card_key`, by the keys at the agent's own server."""
    card_digest: str = ""
    """The only card that is taken; `sha256:…` as the notice of a change tells it."""

    @model_validator(mode="after")
    def _check(self) -> AgentEntry:
        check_url(self.url)
        return self


class ToolkitsFile(BaseModel):
    """Everything outside, by name."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    mcp_servers: dict[str, McpServerEntry] = Field(default_factory=dict, alias="mcpServers")
    agents: dict[str, AgentEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_names(self) -> ToolkitsFile:
        for group in (self.mcp_servers, self.agents):
            names = [plain_name(name) for name in group]
            if not all(names):
                raise ValueError("every name needs a letter or digit")
            if len(set(names)) != len(names):
                raise ValueError("two names are the same once they are Python names")
        return self


def read_toolkits_file(home: Path) -> ToolkitsFile:
    """Return what `toolkits.json` names; nothing when there is no such file.

    Raises:
        ConfigurationError: It cannot be read or is not of that form; names the place in the file, never a value.
    """
    return _read(home / FILE_NAME)


def read_agents(home: Path) -> dict[str, AgentEntry]:
    """Return the agents of `toolkits.json` and those of `agents.json`.

    Raises:
        ConfigurationError: A file cannot be read or is not of that form, or both name one agent.
    """
    agents = {**read_toolkits_file(home).agents}
    for name, entry in _read(home / AGENTS_FILE, "agents").agents.items():
        if plain_name(name) in {plain_name(one) for one in agents}:
            raise ConfigurationError(f"The agent {name!r} is in {FILE_NAME} and in {AGENTS_FILE}; leave it in one.")
        agents[name] = entry
    return agents


def _read(path: Path, key: str = "") -> ToolkitsFile:
    """Return what a file names; the whole of it may stand for what is under a key."""
    try:
        content = json.loads(path.read_text("utf-8"))
        whole = content if not key or (isinstance(content, dict) and key in content) else {key: content}
        return ToolkitsFile.model_validate(whole)
    except FileNotFoundError:
        return ToolkitsFile()
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read ({error.strerror}).", setting=path.name) from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = first["msg"].removeprefix("Value error, ")
        # The cause would show the input, and with it header values.
        raise ConfigurationError(f"{str(path)!r} is not right at {place}: {reason}.", setting=path.name) from None
    except ValueError as error:
        raise ConfigurationError(f"{str(path)!r} is not valid JSON: {error}.", setting=path.name) from error


def check_url(url: str) -> None:
    """Refuse what is no http(s) address."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the url must start with http:// or https:// and name a server")


def is_loopback(url: str) -> bool:
    """Whether the address is this very machine (no proxy is asked then)."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
