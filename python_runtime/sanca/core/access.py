"""Who comes in by a door, and what refuses them. Protocol and data; keys, tokens and limits are the engine's.

The engine's implementation is `sanca.python_runtime.doors.access`. A door's HTTP requests were identified before they
reach it: `identity_of(scope)`. A door with another transport (gRPC) asks `Access.identify` itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

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
        """Called once before the first request."""

    async def close(self) -> None:
        """Called once after the last."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI); paths are whole, nothing is stripped."""


def identity_of(scope: Mapping[str, Any]) -> Identity:
    """Return who sends a request that passed the HTTP server's check.

    Raises:
        KeyError: The path is public: nobody was asked.
    """
    found: Identity = scope["state"][STATE_KEY]
    return found
