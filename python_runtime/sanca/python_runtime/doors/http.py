"""What every request passes before a door: Host, Origin, who sends it, the right, how much, how large.

Knows no protocol. An ASGI application. Whatever goes wrong, the other side reads one sentence in JSON, no traceback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sanca.core.access import STATE_KEY, Identity
from sanca.core.door_errors import WireStatus, sentence_of, status_of
from sanca.core.errors import ForbiddenError, NotFoundError, RateLimitedError, RefusedError, SancaError
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.bodies import Bodies, BodyLostError, BodyTooSlowError
from sanca.python_runtime.doors.registry import DoorEntry, Doors
from sanca.python_runtime.doors.replies import ReplySender, send_json
from sanca.python_runtime.doors.settings import DoorsSettings
from starlette.middleware.cors import CORSMiddleware

log = structlog.get_logger(__name__)

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_EXPOSED = (
    "www-authenticate",
    "retry-after",
    "mcp-session-id",
    "mcp-protocol-version",
    "a2a-version",
    "a2a-extensions",
)
_LOGGED = {401, 403, 421}
_PATH_CHARS = 200
_STRANGERS_BYTES = 4_096
"""What may be sent to a path that needs no identity: cards and metadata are only read."""


class MisdirectedError(RefusedError):
    """The `Host` header names a server that this is not."""


class HttpApplication:
    """Checks requests and hands them to the doors."""

    def __init__(self, doors: Doors, access: DoorAccess, settings: DoorsSettings, url: str) -> None:
        self._doors = doors
        self._access = access
        self._hosts = settings.hosts()
        self._origins = frozenset(settings.http_origins)
        self._url = url
        self._bodies = Bodies(settings.http_body_bytes, settings.http_body_seconds)
        self._strangers_bodies = Bodies(_STRANGERS_BYTES, settings.http_body_seconds)
        self._inner = self._checked
        if self._origins:
            self._inner = CORSMiddleware(
                self._checked,
                allow_origins=tuple(self._origins),
                allow_methods=_METHODS,
                allow_headers=("*",),
                expose_headers=_EXPOSED,
            )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        reply = ReplySender(send, is_secure=scope["scheme"] == "https")
        try:
            self._check_host(scope)
            await self._inner(scope, receive, reply)
        except BodyLostError:
            return  # nobody is there to read an answer
        except Exception as error:
            await self._refuse(scope, reply, error)

    # -- checks -------------------------------------------------------------------------------------------------------

    def _check_host(self, scope: Any) -> None:
        """Refuse foreign names (DNS rebinding), and pages of elsewhere (a browser sends what they say)."""
        named = [value for name, value in scope["headers"] if name == b"host"]
        host = named[0].decode("latin-1").lower() if len(named) == 1 else ""
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        if name not in self._hosts and "*" not in self._hosts:
            raise MisdirectedError(f"This server is not {host[:100]!r}; SANCA_HTTP_HOSTS lists its names.")
        origins = [value.decode("latin-1") for header, value in scope["headers"] if header == b"origin"]
        if any(origin not in self._origins for origin in origins):
            raise ForbiddenError("Pages of that origin may not ask here; SANCA_HTTP_ORIGINS lists those that may.")

    async def _checked(self, scope: Any, receive: Any, send: Any) -> None:
        path, address = scope["path"], (scope.get("client") or ("",))[0]
        if path == "/health":
            await send_json(send, 200, {"status": "ok"})
            return
        entry = self._doors.find(path)
        if entry is None or path in entry.public_paths:
            self._access.count_stranger(address)
        if entry is None:
            raise NotFoundError("There is nothing at this address.")
        if path in entry.public_paths:
            await self._pass(scope, receive, send, entry, self._strangers_bodies)
            return
        identity = await self._access.identify(_headers(scope), entry.channel, address)
        if not any(identity.may(right) for right in entry.rights):
            wanted = " or ".join(repr(right) for right in entry.rights)
            raise ForbiddenError(f"This needs the right {wanted}.", right=entry.rights[0])
        scope.setdefault("state", {})[STATE_KEY] = identity
        with self._access.stream(identity):
            await self._pass(scope, receive, send, entry, self._bodies)

    async def _pass(self, scope: Any, receive: Any, send: Any, entry: DoorEntry, bodies: Bodies) -> None:
        async with bodies.read(scope, receive) as replayed:
            door = await self._doors.door(entry.name)
            await door(scope, replayed, send)

    # -- refusals -----------------------------------------------------------------------------------------------------

    async def _refuse(self, scope: Any, reply: ReplySender, error: Exception) -> None:
        status = _status_of(error)
        if not isinstance(error, SancaError):
            log.exception("request_failed", path=scope["path"][:_PATH_CHARS])
        elif status.http in _LOGGED:
            who: Identity | None = scope.get("state", {}).get(STATE_KEY)
            log.info(
                "request_refused",
                status=status.http,
                path=scope["path"][:_PATH_CHARS],
                address=(scope.get("client") or ("",))[0],
                who=who.name if who else "",
            )
        if reply.has_begun:
            raise error  # the server breaks the connection off: the other side sees that the answer is not whole
        content = {"error": {"code": status.http, "status": status.grpc, "message": sentence_of(error)}}
        await send_json(reply, status.http, content, self._headers_of(scope, status, error))

    def _headers_of(self, scope: Any, status: WireStatus, error: Exception) -> Sequence[tuple[str, str]]:
        headers = []
        if isinstance(error, RateLimitedError):
            headers.append(("retry-after", str(max(1, round(error.retry_after_seconds)))))
        if status.http in (401, 403) and (entry := self._doors.find(scope["path"])):
            metadata = f"{self._url}/.well-known/oauth-protected-resource"
            parts = [f'resource_metadata="{metadata}{"/mcp" if entry.name == "mcp" else ""}"']
            if status.http == 401 and _has_credentials(scope):
                parts.insert(0, 'error="invalid_token"')
            elif isinstance(error, ForbiddenError) and error.right:
                parts.insert(0, f'error="insufficient_scope", scope="{error.right}"')
            headers.append(("www-authenticate", f"Bearer {', '.join(parts)}"))
        if status.http == 408:
            headers.append(("connection", "close"))
        return headers


def _status_of(error: Exception) -> WireStatus:
    if isinstance(error, MisdirectedError):
        return WireStatus(421, "INVALID_ARGUMENT", -32600)
    if isinstance(error, BodyTooSlowError):
        return WireStatus(408, "DEADLINE_EXCEEDED", -32600)
    return status_of(error)


def _headers(scope: Any) -> Mapping[str, str]:
    """Return the headers that tell who it is; one that is there twice is nobody's."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in (b"authorization", b"x-api-key", b"accept-language"):
            key = name.decode()
            found[key] = "" if key in found else value.decode("latin-1")
    return found


def _has_credentials(scope: Any) -> bool:
    return any(name in (b"authorization", b"x-api-key") for name, _ in scope["headers"])
