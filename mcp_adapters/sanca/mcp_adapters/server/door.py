"""The door `/mcp`: streamable HTTP of both generations, by the SDK. Says who asks and keeps bounds; knows no tool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import INTERNAL_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from sanca.core.access import Access, DoorSettings, Identity, identity_of
from sanca.mcp_adapters.server.metadata import WELL_KNOWN, metadata_body
from sanca.mcp_adapters.server.sessions import SessionBook
from sanca.mcp_adapters.server.settings import McpServerSettings
from sanca.mcp_adapters.server.who import owner_key

log = structlog.get_logger(__name__)

PATH = "/mcp"
_SESSION = b"mcp-session-id"
_VERSION = b"mcp-protocol-version"
_CLOSE_SECONDS = 2.0
_TOO_MANY = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": None,
        "error": {
            "code": INTERNAL_ERROR,
            "message": "Too many sessions of yours are open; end some or try later.",
        },
    }
).encode()


class ServedServer(Protocol):
    """What a door serves."""

    @property
    def server(self) -> Server[Any]:
        """The SDK's server, with every handler."""

    def attach(self, sessions: SessionBook) -> None:
        """Take the book of sessions, to tell a withdrawn request from a session that ended."""

    async def open(self) -> None:
        """Begin; called once, before the first request."""

    async def close(self) -> None:
        """End; called once. What is under way at the door is not withdrawn by that."""


class McpDoor:
    """An ASGI object over one MCP server."""

    def __init__(self, served: ServedServer, access: Access, settings: DoorSettings, limits: McpServerSettings) -> None:
        self._served = served
        self._access = access
        self._settings = settings
        self._sessions = SessionBook(limits.sessions_each, limits.session_seconds)
        self._manager = StreamableHTTPSessionManager(
            app=served.server,
            session_idle_timeout=limits.session_seconds,
            max_sessions=limits.sessions,
            max_request_body_size=min(limits.body_bytes, settings.body_bytes),
        )
        self._over = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        served.attach(self._sessions)

    @property
    def paths(self) -> Sequence[str]:
        """The protocol's path, and those that tell how to sign in to it."""
        return (PATH, *self.public_paths)

    @property
    def public_paths(self) -> Sequence[str]:
        """The metadata of the protected resource."""
        return (WELL_KNOWN, f"{WELL_KNOWN}{PATH}")

    async def open(self) -> None:
        """Start serving; the task that holds the SDK's task group is our own, so that any task may close the door."""
        await self._served.open()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = asyncio.create_task(self._hold(ready), name="mcp door")
        await ready

    async def close(self) -> None:
        """End every session and stream."""
        await self._served.close()
        self._over.set()
        if self._owner is not None:
            await asyncio.wait([self._owner], timeout=_CLOSE_SECONDS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["path"] != PATH:
            await _send(send, 200, metadata_body(scope["path"], self._access, self._settings))
            return
        identity = identity_of(scope)
        owner = owner_key(identity)
        headers = dict(scope["headers"])
        session_id = headers.get(_SESSION, b"").decode("latin-1")
        if not session_id and _is_handshake(headers) and not self._sessions.may_open(owner):
            await _send(send, 503, _TOO_MANY)
            return
        scope = {**scope, "user": _user_of(identity, owner)}
        with self._sessions.using(session_id):
            if scope["method"] == "DELETE" and self._sessions.owner_of(session_id) == owner:
                self._sessions.end(session_id)
            await self._manager.handle_request(scope, receive, self._noting(send, owner))

    def _noting(self, send: Any, owner: str) -> Any:
        """Return a `send` that writes down the session that an answer opens."""

        async def note(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                found = next((value for name, value in message["headers"] if name.lower() == _SESSION), b"")
                session_id = found.decode("latin-1")
                if session_id and not self._sessions.was_ended(session_id):
                    self._sessions.opened(session_id, owner)
            await send(message)

        return note

    async def _hold(self, ready: asyncio.Future[None]) -> None:
        try:
            async with self._manager.run():
                ready.set_result(None)
                await self._over.wait()
        except Exception as error:
            log.exception("mcp_door_failed")
            if not ready.done():
                ready.set_exception(error)


def _is_handshake(headers: dict[bytes, bytes]) -> bool:
    """Whether the SDK treats a request as one of the generation that has sessions."""
    version = headers.get(_VERSION)
    return version is None or version.decode("latin-1") in HANDSHAKE_PROTOCOL_VERSIONS


def _user_of(identity: Identity, owner: str) -> AuthenticatedUser:
    """Return who asks in the SDK's words: by this a session belongs to who opened it."""
    token = AccessToken(token="", client_id=owner, scopes=list(identity.scopes), subject=identity.caller.user)
    return AuthenticatedUser(token)


async def _send(send: Any, status: int, body: bytes) -> None:
    shown = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": shown})
    await send({"type": "http.response.body", "body": body})
