"""`sanca serve`: the engine as a process of its own. The door answers first, the engine behind it opens meanwhile.

Only the standard library and gRPC are loaded before the first answer; what is heavy comes in a thread.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ConfigurationError, SancaError
from sanca.core.home import ensure_home, find_home
from sanca.python_runtime.lifecycle import EngineCard, EngineLock, forbid_core_dumps, new_token
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service.server import Door, EngineServer
from sanca.python_runtime.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    import grpc

DEFAULT_PORT = 15334
_GRACE_SECONDS = 0.5


def serve(*, http: bool = False) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        http: Whether to open the doors (A2A, MCP, AG-UI) on their usual port, without `SANCA_HTTP_PORT`.

    Raises:
        EngineLockedError: Another engine lives in the state folder.
        SancaError: The engine cannot serve; says in one sentence why, and what mends it.
    """
    sys.setswitchinterval(0.0005)
    forbid_core_dumps()
    home = ensure_home(find_home())
    lock = EngineLock(home)
    lock.acquire()
    try:
        asyncio.run(_serve(home, lock, http=http or bool(os.environ.get("SANCA_HTTP_PORT"))))
    finally:
        lock.release()


async def _serve(home: Path, lock: EngineLock, *, http: bool) -> None:
    await _Serving(home, lock, http=http).run()


class _Serving:
    """One life of a serving engine."""

    def __init__(self, home: Path, lock: EngineLock, *, http: bool) -> None:
        self._home = home
        self._http = http
        self._lock = lock
        self._token = new_token()
        self._card = EngineCard(home, VERSION)
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Door] = asyncio.Future()
        self._opening = _OpeningDoor(time.monotonic())
        self._server = EngineServer(self._token, self._door, _log_failure)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop)
        address = await self._server.start(_port())
        self._card.write(address, self._token)
        self._running = asyncio.create_task(self._run_engine(address))
        try:
            await self._running
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
        finally:
            self._card.remove()
            await self._server.stop(_GRACE_SECONDS)

    def _ask_to_stop(self) -> None:
        """Be found by nobody any more, and end; an engine that is still opening gives that up."""
        self._card.remove()
        self._stop.set()
        if not self._opened.done() and self._running is not None:
            self._running.cancel()

    async def _run_engine(self, address: str) -> None:
        modules = await asyncio.to_thread(_load)
        modules["logs"].configure_logs()
        log = modules["structlog"].get_logger()
        try:
            if self._http:  # refused before the engine opens for nothing
                await asyncio.to_thread(_check_doors, self._home)
            async with modules["engine"].Engine(self._home, lock=self._lock) as engine:
                door = modules["door"].EngineDoor(engine)
                self._opened.set_result(door)
                log.info("engine_serves", address=address, home=str(self._home), version=VERSION)
                async with self._doors(engine, address, door):
                    await self._stop.wait()
                    log.info("engine_stops")
                    self._card.remove()
        except SancaError as error:
            if not self._opened.done():
                self._opened.set_exception(error)
                self._opened.exception()
            raise

    @asynccontextmanager
    async def _doors(self, engine: Any, address: str, door: Any) -> AsyncIterator[None]:
        """Open the doors, where they are wanted, and say where they are."""
        if not self._http:
            yield
            return
        server = await asyncio.to_thread(importlib.import_module, "sanca.python_runtime.doors.server")
        async with server.open_doors(engine, engine_token=self._token, with_grpc=False) as doors:
            door.http = doors.url
            self._card.write(address, self._token, http=doors.url)
            await doors.open_grpc()
            door.a2a_grpc = doors.grpc_address
            if doors.grpc_address:
                self._card.write(address, self._token, http=doors.url, a2aGrpc=doors.grpc_address)
            yield

    async def _door(self, method: str) -> Door:
        """Health is answered at once, everything else when the engine is open."""
        if method == "health" and not self._opened.done():
            return self._opening
        return await asyncio.shield(self._opened)


class _OpeningDoor:
    """Answers Health while the engine opens."""

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at

    def status_of(self, _: SancaError) -> grpc.StatusCode:
        import grpc

        return grpc.StatusCode.UNAVAILABLE

    async def health(self, _: pb.HealthRequest) -> pb.HealthReply:
        return pb.HealthReply(
            status="degraded",
            version=VERSION,
            gateway="none",
            gateway_detail="The engine is opening; messages are taken and wait for it.",
            pid=os.getpid(),
            uptime_seconds=time.monotonic() - self._began_at,
        )


def _check_doors(home: Path) -> None:
    importlib.import_module("sanca.python_runtime.doors.permission").check_may_open(home)


def _port() -> int:
    text = os.environ.get("SANCA_ENGINE_PORT", "") or str(DEFAULT_PORT)
    if not text.isdigit() or int(text) > 65_535:
        raise ConfigurationError(
            f"SANCA_ENGINE_PORT is {text!r}; it must be a number from 0 to 65535.", setting="SANCA_ENGINE_PORT"
        )
    return int(text)


def _load() -> dict[str, Any]:
    names = ("sanca.python_runtime.logs", "sanca.python_runtime.engine", "sanca.python_runtime.wiring")
    modules = {name.rpartition(".")[2]: importlib.import_module(name) for name in names}
    modules["door"] = importlib.import_module("sanca.python_runtime.service.door")
    modules["structlog"] = importlib.import_module("structlog")
    return modules


def _log_failure(method: str) -> None:
    import structlog

    structlog.get_logger().exception("method_failed", method=method)
