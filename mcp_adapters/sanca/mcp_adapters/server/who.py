"""Who sends a request of MCP, and whether they withdrew it. Asks nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from sanca.core.access import Identity, identity_of
from sanca.core.errors import ForbiddenError
from sanca.core.messages import Caller
from sanca.mcp_adapters.server.sessions import SessionBook

Context = ServerRequestContext[Any, Any]


def owner_key(identity: Identity) -> str:
    """Return a text that is the same for two requests only if the same one sends them."""
    caller = identity.caller
    return "\x1f".join((identity.kind, identity.name, caller.tenant, caller.user))


@dataclass
class Presence:
    """Tells who is there, from what the transport left in the context."""

    local: Identity | None = None
    """Who speaks over standard input; over HTTP each request says it itself."""
    sessions: SessionBook | None = None
    is_closing: bool = field(default=False)
    """The server ends: requests break off, but nobody withdrew them."""

    def identity(self, ctx: Context) -> Identity:
        """Return who sends this request.

        Raises:
            ForbiddenError: Nobody was identified; a fault of the wiring, never of the client.
        """
        if ctx.request is not None:
            return identity_of(ctx.request.scope)
        if self.local is None:
            raise ForbiddenError("Nobody was identified.")
        return self.local

    def caller(self, ctx: Context, right: str) -> Caller:
        """Return who asks, if they have a right.

        Raises:
            ForbiddenError: They have not.
        """
        identity = self.identity(ctx)
        if not identity.may(right):
            raise ForbiddenError(f"The right {right!r} is needed.", right=right)
        caller = identity.caller
        return caller if caller.channel == "mcp" else caller.model_copy(update={"channel": "mcp"})

    def withdrew(self, ctx: Context) -> bool:
        """Whether a request that is being cancelled was withdrawn by who sent it.

        Both generations say so: by `notifications/cancelled`, or by closing the response stream. A server that stops
        and a session that its client ended cancel requests too, without meaning the work.
        """
        if self.is_closing:
            return False
        session_id = ctx.request.headers.get("mcp-session-id", "") if ctx.request is not None else ""
        return not (session_id and self.sessions is not None and self.sessions.was_ended(session_id))
