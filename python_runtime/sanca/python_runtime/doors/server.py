"""The HTTP server of an open engine: listens in its event loop, with every door behind the same checks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import structlog
from sanca.core.access import DoorSettings, GrpcDoor
from sanca.python_runtime.doors.access import DoorAccess
from sanca.python_runtime.doors.http import HttpApplication
from sanca.python_runtime.doors.listening import Listener
from sanca.python_runtime.doors.registry import Doors
from sanca.python_runtime.doors.runner import EngineRunner
from sanca.python_runtime.doors.settings import DEFAULT_GRPC_PORT, DoorsSettings, read_settings
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.version import VERSION

log = structlog.get_logger(__name__)


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
        self._listener: Listener | None = None
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
        self._listener = Listener(settings)
        self.url = self._listener.url
        access.set_audience(self.url)
        self._access, self._runner = access, EngineRunner(self._engine)
        self._doors = Doors(self._runner, access, self._door_settings)
        self._listener.serve(HttpApplication(self._doors, access, settings, self.url))
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
        if self._listener is None:
            return
        self._listener.refuse()
        await self._doors.close()
        await self._listener.close()
        await self._runner.close()
        await self._access.close()

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


def _grpc_port(settings: DoorsSettings) -> int | None:
    """Return where gRPC listens: as told, else any when HTTP's is any, else its usual port."""
    told = settings.a2a_grpc_port
    if told is None:
        return 0 if settings.http_port == 0 else DEFAULT_GRPC_PORT
    return None if told == "off" else told
