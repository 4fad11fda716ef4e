"""Who comes in by a door, and what refuses them. Protocol and data; keys, tokens and limits are the engine's.

The engine's implementation is `sanca.python_runtime.doors.access`. A door's HTTP requests were identified before they
reach it: `identity_of(scope)`. A door with another transport (gRPC) asks `Access.identify` itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from sanca.core.agent_runner import AgentRunner
from sanca.core.messages import Caller

Channel = Literal["api", "a2a", "mcp"]
ASK = "sanca:ask"
"""The right to talk to the agent."""
CALL_TOOLS = "sanca:tools"
"""The right to call toolkits directly, without the agent (MCP); each tool's own right is needed too."""
STATE_KEY = "identity"


@dataclass(frozen=True)
class Identity:
    """Somebody who proved who they are."""

    caller: Caller
    """Tenant, user and rights; `channel` is the door's."""
    name: str
    """What limits are counted by and logs show: the key's name, or the token's subject."""
    kind: Literal["local", "key", "token"]
    scopes: tuple[str, ...] = ()
    """Of a token, as it carries them."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    expires_at: float | None = None
    """Seconds since 1970."""

    def may(self, right: str) -> bool:
        """Whether they have a right; `*` stands for all."""
        return right in self.caller.rights or "*" in self.caller.rights


@dataclass(frozen=True)
class DoorSettings:
    """What a door is told of the server it is in."""

    home: Path
    """The state folder: where a door keeps keys and tables of its own, mode 0600."""
    url: str
    """How others reach the server, without a slash at the end: `http://127.0.0.1:15335`."""
    version: str
    name: str = "sanca"
    """What the agent is called: `SANCA_AGENT_NAME`."""
    description: str = ""
    """What it says of itself: `SANCA_AGENT_DESCRIPTION`; empty: the door's own words."""
    host: str = "127.0.0.1"
    grpc_port: int | None = None
    """Where the A2A door listens for gRPC, on `host`; 0: any, None: not at all."""
    certificate: Path | None = None
    """PEM of the server's certificate chain; with `key`, for gRPC. HTTP has its TLS already."""
    key: Path | None = None
    body_bytes: int = 16 * 1024 * 1024
    """The largest body that reaches a door; a door may refuse smaller ones."""
    file_bytes: int = 10 * 1024 * 1024
    """The largest file that the engine takes."""


class MakeDoor(Protocol):
    """How a door is made: `make_door(runner, access, settings)`; imports of its SDK may happen here, in a thread."""

    def __call__(self, runner: AgentRunner, access: Access, settings: DoorSettings) -> Door:
        """Make it; nothing is opened yet."""


class Access(Protocol):
    """Tells who sends a request. Safe to use from many tasks."""

    async def identify(self, headers: Mapping[str, str], channel: Channel, address: str = "") -> Identity:
        """Return who it is, and count the request against their limits.

        Args:
            headers: Names in lower case: `authorization: Bearer …` (a key or a token), or `x-api-key`.
            channel: The door.
            address: Of the other side, for limits of those who fail.

        Raises:
            UnauthenticatedError: No or wrong credentials.
            RateLimitedError: Too many requests.
        """

    def stream(self, identity: Identity) -> AbstractContextManager[None]:
        """Count a stream of theirs for as long as the block lasts; the HTTP server does it for each of its requests.

        Raises:
            RateLimitedError: Too many at once.
        """

    @property
    def schemes(self) -> Sequence[Mapping[str, Any]]:
        """The ways to prove who one is, for agent cards: `{"kind": "key"|"oidc", "header", "url", "scopes"}`."""


class Door(Protocol):
    """A protocol under paths of its own in the engine's HTTP server."""

    @property
    def paths(self) -> Sequence[str]:
        """The paths it answers; what ends with `/` stands for all below."""

    @property
    def public_paths(self) -> Sequence[str]:
        """Those of them that need no identity: agent cards, metadata."""

    async def open(self) -> None:
        """Called once before the first request, in the engine's event loop; the A2A door listens for gRPC from here on.

        Raises:
            SancaError: It cannot be opened; says why in one sentence.
        """

    async def close(self) -> None:
        """Called once after the last; streams that are still open are ended by it, within 2 seconds."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI); paths are whole, nothing is stripped."""


@runtime_checkable
class GrpcDoor(Door, Protocol):
    """A door that listens for gRPC too."""

    @property
    def grpc_address(self) -> str:
        """Where it listens since `open`, for `engine.json`: `127.0.0.1:15336`; empty: it does not."""


def identity_of(scope: Mapping[str, Any]) -> Identity:
    """Return who sends a request that passed the HTTP server's check.

    Raises:
        KeyError: The path is public: nobody was asked.
    """
    found: Identity = scope["state"][STATE_KEY]
    return found
