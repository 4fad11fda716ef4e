"""The HTTP server of an open engine: listens in its event loop, with every door behind the same checks."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import structlog
import uvicorn
from sanca.core.access import DoorSettings, GrpcDoor
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.connections import guarded_protocol
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.registry import Doors
from sanca.python_runtime.doors.runner import EngineRunner
from sanca.python_runtime.doors.settings import DEFAULT_GRPC_PORT, DEFAULT_PORT, DoorsSettings, read_settings
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.version import VERSION

log = structlog.get_logger(__name__)

_END_SECONDS = 2
_HEADER_BYTES = 65_536
_KEEP_ALIVE_SECONDS = 15
_OTHER_FILES = 512
"""What the engine has open besides connections."""


class HttpServer:
    """Opened after the engine, closed before it."""

    def __init__(self, engine: Engine, settings: DoorsSettings, *, engine_token: str = "") -> None:
        """Take what it serves.

        Args:
            engine: An open engine.
            settings: Where and for whom.
            engine_token: The token of `engine.json`, which counts from loopback; empty: none does.
        """
        self._engine = engine
        self._settings = settings
        self._engine_token = engine_token
        self._serving: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self.grpc_address = ""
        """Where A2A's gRPC listens, once it does."""
        self.url = ""
        """How others reach it."""

    async def open(self) -> None:
        """Listen.

        Raises:
            ConfigurationError: It may not or cannot; says in one sentence why, and what mends it.
        """
        settings = self._settings
        access = DoorAccess(self._engine.home, settings, engine_token=self._engine_token)
        settings.check_exposure(has_way_in=access.has_way_in)
        self._socket = listening = _listen(settings)
        port = listening.getsockname()[1]
        self.url = settings.url_at(port)
        access.set_audience(self.url)
        self._access, self._runner = access, EngineRunner(self._engine)
        self._doors = Doors(self._runner, access, self._door_settings)
        application = HttpApplication(self._doors, access, settings, self.url)
        self._server = _Server(_config(application, settings))
        _allow_files(settings.http_connections)
        self._serving = asyncio.create_task(self._server.serve([listening]), name="http server")
        log.info("doors_open", url=self.url)

    async def open_grpc(self) -> None:
        """Load the A2A door now, where its gRPC is wanted: that cannot be done with a first request.

        Raises:
            SancaError: It cannot listen.
        """
        if self._settings.a2a_grpc_port != "off":
            door = await self._doors.door("a2a")
            self.grpc_address = door.grpc_address if isinstance(door, GrpcDoor) else ""

    async def close(self) -> None:
        """Take no more requests, end the streams, and let go; in bounds."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._doors.close()
            with anyio.move_on_after(2 * _END_SECONDS):
                await asyncio.wait([self._serving])
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
            await self._runner.close()
            await self._access.close()
        elif self._socket is not None:
            self._socket.close()

    def _door_settings(self) -> DoorSettings:
        settings = self._settings
        return DoorSettings(
            home=self._engine.home,
            url=self.url,
            version=VERSION,
            name=settings.agent_name,
            description=settings.agent_description,
            host=settings.http_host,
            grpc_port=_grpc_port(settings),
            certificate=settings.http_certificate,
            key=settings.http_key,
            body_bytes=settings.http_body_bytes,
            file_bytes=self._engine.parts.settings.file_bytes,
        )


@asynccontextmanager
async def open_doors(
    engine: Engine, settings: DoorsSettings | None = None, *, engine_token: str = "", with_grpc: bool = True
) -> AsyncIterator[HttpServer]:
    """Open the doors of an open engine for as long as the block lasts.

    Raises:
        SancaError: They cannot be opened.
    """
    server = HttpServer(engine, settings or read_settings(), engine_token=engine_token)
    try:
        await server.open()
        if with_grpc:
            await server.open_grpc()
        yield server
    finally:
        with anyio.CancelScope(shield=True):
            await server.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the engine has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(application: HttpApplication, settings: DoorsSettings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of every malformed request
    return uvicorn.Config(
        application,
        loop="none",
        http=guarded_protocol(settings.http_connections, settings.http_header_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.http_behind_proxy,
        forwarded_allow_ips=settings.http_proxies,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        ssl_certfile=settings.http_certificate,
        ssl_keyfile=settings.http_key,
        reset_contextvars=True,
    )


def _listen(settings: DoorsSettings) -> socket.socket:
    host, port = settings.http_host, DEFAULT_PORT if settings.http_port is None else settings.http_port
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
        listening = socket.socket(family, kind)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"The doors cannot listen on {host}, port {port} ({error.strerror}); set SANCA_HTTP_PORT to another port, "
            "or 0 for any.",
            setting="SANCA_HTTP_PORT",
        ) from error
    return listening


def _grpc_port(settings: DoorsSettings) -> int | None:
    """Return where gRPC listens: as told, else any when HTTP's is any, else its usual port."""
    told = settings.a2a_grpc_port
    if told is None:
        return 0 if settings.http_port == 0 else DEFAULT_GRPC_PORT
    return None if told == "off" else told


def _allow_files(connections: int) -> None:
    """Have room for as many connections as are allowed; most shells give a process 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
