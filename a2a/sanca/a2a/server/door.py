"""The A2A door: its addresses, its parts, and when they open and close."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

import anyio
from sanca.a2a.server.cards import FRESH_SECONDS, Cards
from sanca.a2a.server.contexts import check_right
from sanca.a2a.server.grpc_server import GrpcServer
from sanca.a2a.server.handler import RunnerHandler
from sanca.a2a.server.http_requests import JsonRpc, Rest
from sanca.a2a.server.push import Pushes
from sanca.a2a.server.settings import A2aServerSettings
from sanca.a2a.server.signing import SigningKey
from sanca.a2a.server.store import A2aStore
from sanca.a2a.server.tasks import Tasks
from sanca.a2a.server.views import TaskViews
from sanca.a2a.server.waiting import Waiting
from sanca.core.access import Access, DoorSettings, identity_of
from sanca.core.agent_loops import agent_id
from sanca.core.agent_runner import AgentRunner
from sanca.core.door_errors import sentence_of, status_of
from sanca.core.errors import SancaError
from sanca.core.outside import OutsideAddresses
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH, VERSION_HEADER

CARD = AGENT_CARD_WELL_KNOWN_PATH
JWKS = "/.well-known/jwks.json"
ROOT = "/a2a"
V1 = "/a2a/v1"
V03 = "/a2a/v0.3"
FILES = "/a2a/files/"
CARD_03 = "/a2a/v1/card"
"""Where clients of 0.3 look for the extended card: below the address of JSON-RPC."""
_CACHED = f"public, max-age={FRESH_SECONDS}"


class A2aDoor:
    """See `sanca.core.access.GrpcDoor`."""

    handler_class: ClassVar[type[RunnerHandler]] = RunnerHandler
    """What answers the operations."""
    outside: ClassVar[OutsideAddresses | None] = None
    """Where notifications may go; None: as the settings say."""

    def __init__(self, runner: AgentRunner, access: Access, settings: DoorSettings) -> None:
        # The SDK logs peers' mistakes with tracebacks and their texts; what breaks inside we log ourselves.
        logging.getLogger("a2a").setLevel(logging.CRITICAL)
        bounds = A2aServerSettings()
        self._runner = runner
        self._store = A2aStore(settings.home)
        key = SigningKey.load(settings.home, settings.url)
        waiting = Waiting()
        views = TaskViews(settings.url, bounds.inline_bytes)
        self._key = key
        self._tasks = Tasks(runner, views, self._store, waiting, bounds.poll_seconds)
        self._pushes = Pushes(self._store, self._tasks, waiting, key, bounds, self.outside)
        self._cards = Cards(runner, access, settings, key)
        handler = self.handler_class(
            runner,
            self._tasks,
            self._store,
            self._pushes,
            waiting,
            self._cards,
            agent_id(settings.url),
            bounds.hops,
        )
        self._grpc = GrpcServer(handler, access, settings)
        self._rpc = JsonRpc(handler)
        self._rest = Rest(handler, V1, "1.0")
        self._rest03 = Rest(handler, V03, "0.3")
        self._card03 = Rest(handler, ROOT, "0.3")
        self._requests: set[anyio.CancelScope] = set()

    @property
    def paths(self) -> Sequence[str]:
        """The paths it answers."""
        return (CARD, JWKS, ROOT, f"{ROOT}/")

    @property
    def public_paths(self) -> Sequence[str]:
        """Those that need no identity."""
        return (CARD, JWKS)

    @property
    def grpc_address(self) -> str:
        """Where gRPC listens since `open`; empty: it does not."""
        return self._grpc.address

    async def open(self) -> None:
        """Listen for gRPC and go on with notifications.

        Raises:
            ConfigurationError: The port is taken.
        """
        await self._grpc.open()
        self._cards.grpc_address = self._grpc.public_address
        await self._pushes.open()

    async def close(self) -> None:
        """End streams and stop; what was not sent yet is kept."""
        for scope in list(self._requests):
            scope.cancel()
        await self._grpc.close()
        await self._pushes.close()
        self._store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        path = scope["path"]
        if path in (CARD, JWKS):
            response = await self._public(Request(scope))
            await response(scope, receive, send)
            return
        with anyio.CancelScope() as request:
            self._requests.add(request)
            try:
                check_right(identity_of(scope))
                await self._answer(path, scope, receive, send)
            except SancaError as error:
                refusal = JSONResponse({"error": sentence_of(error)}, status_code=status_of(error).http)
                await refusal(scope, receive, send)
            finally:
                self._requests.discard(request)

    async def _answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path == ROOT or path == f"{ROOT}/":
            await self._rpc(scope, receive, send)
        elif path.startswith(f"{V03}/"):
            await self._rest03(scope, receive, send)
        elif path == CARD_03:
            await self._card03(scope, receive, send)
        elif path.startswith(FILES) and scope["method"] == "GET":
            response = await self._file(scope)
            await response(scope, receive, send)
        elif path.startswith(f"{V1}/"):
            await self._rest(scope, receive, send)
        else:
            await JSONResponse({"error": "There is nothing at this address."}, 404)(scope, receive, send)

    async def _public(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"Allow": "GET, HEAD"})
        if request.url.path == JWKS:
            return JSONResponse(self._key.jwks, headers={"Cache-Control": _CACHED})
        card = await self._cards.public()
        headers = {"ETag": card.etag, "Cache-Control": _CACHED, "Last-Modified": card.modified, "Vary": VERSION_HEADER}
        known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
        if card.etag.removeprefix("W/") in known or "*" in known:
            return Response(status_code=304, headers=headers)
        body = card.current if request.headers.get(VERSION_HEADER, "").startswith("1.") else card.body
        return Response(body, media_type="application/json", headers=headers)

    async def _file(self, scope: Scope) -> Response:
        """Return a file that was too large for an artifact; nothing a browser would run."""
        caller = identity_of(scope).caller
        file, content = await self._runner.read_file(caller, scope["path"].removeprefix(FILES))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        return Response(content, media_type=file.media_type, headers=headers)
