"""The sandbox on Linux namespaces: fork servers, and a pool of sessions forked from them (contracts.md, section 4).

`start` and `close` are called once; `spawn` from any task of any event loop in any thread: what is shared lives in a
thread of its own (docs/decisions/0009). A session belongs to the loop in which it was spawned.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path
from typing import Self

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.background import BackgroundLoop
from sanca.python_runtime.sandbox.launcher import ForkServer
from sanca.python_runtime.sandbox.library import find_library
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.outside_user import outside_user
from sanca.python_runtime.sandbox.pool import WarmPool
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.servers import ForkServers, ReadySession, end_forked
from sanca.python_runtime.sandbox.session import NamespaceSession
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.warm_size import WarmSize

log = structlog.get_logger()

_RENEW_SECONDS = 5.0
"""How often is looked whether a fork server has lived long enough."""


class NamespaceSandbox:
    """See `Sandbox`. Model-written code runs without capabilities, network, programs or the host's files."""

    level = "namespace"
    abilities = Abilities()
    server_class = ForkServer
    session_class = NamespaceSession

    def __init__(self, settings: SandboxSettings | None = None, *, renew_seconds: float = _RENEW_SECONDS) -> None:
        self._settings = settings or SandboxSettings()
        self._renew_seconds = renew_seconds
        self._loop = BackgroundLoop("sandbox")
        self._light = ForkServers(self._settings, libraries=False, server_class=self.server_class)
        self._heavy = ForkServers(self._settings, libraries=True, server_class=self.server_class)
        self._usual_limits = self._settings.limits_for()
        self._lock = threading.Lock()
        self._pools: dict[tuple[bool, SandboxLimits], WarmPool] = {}
        self._sessions: set[NamespaceSession] = set()
        self._is_open = False
        self._has_libraries = False

    @property
    def hash_seed(self) -> int:
        """PYTHONHASHSEED of the next session without libraries; a session's own is `NamespaceSession.hash_seed`."""
        newest = self._light.newest
        if newest is None:
            raise SandboxError("The sandbox is not running.")
        return newest.server.hash_seed

    @property
    def ready_sessions(self) -> int:
        """How many sessions wait for their first action."""
        with self._lock:
            return sum(pool.ready for pool in self._pools.values())

    @property
    def note(self) -> str:
        """What holds sessions to their share on this machine, in a sentence; empty before the start."""
        newest = self._light.newest
        return "" if newest is None else newest.server.groups.sentence

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Start the light fork server and fill its pool; see `Sandbox.start`."""
        self._has_libraries = find_library(self._settings) is not None
        await self._loop.start()
        try:
            await self._loop.call(self._light.start)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._loop.stop()
            raise
        self._is_open = True
        self._pool(False, self._usual_limits)
        self._loop.post(self._renew_servers)

    def warm_libraries(self) -> None:
        """Start the fork server with libraries now rather than with the first action that needs one."""
        if self._has_libraries and self._is_open:
            self._pool(True, self._usual_limits)

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> NamespaceSession:
        """Return a fresh session; see `Sandbox.spawn`."""
        limits = self._settings.limits_for(tenant) if tenant else self._usual_limits
        libraries = libraries and self._has_libraries
        ready = await self._pool(libraries, limits).take()
        session = self.session_class(
            ready.forked,
            self._settings,
            hash_seed=ready.hash_seed,
            on_closed=lambda ended: self._forget(ended, libraries, ready),
        )
        self._sessions.add(session)
        try:
            await self._attach(session, self._heavy if libraries else self._light, input_dir, output_dir)
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """End every session and the fork servers; see `Sandbox.close`."""
        with anyio.CancelScope(shield=True):
            with self._lock:
                was_open, self._is_open = self._is_open, False
                pools = list(self._pools.values())
                self._pools.clear()
            if not was_open:
                return
            for pool in pools:
                for ready in pool.close():
                    end_forked(ready.forked)
            for session in tuple(self._sessions):
                await session.close()
            self._sessions.clear()
            for servers in (self._light, self._heavy):
                await self._loop.call(servers.close)
            await self._loop.stop()

    def _pool(self, libraries: bool, limits: SandboxLimits) -> WarmPool:
        key = (libraries, limits)
        with self._lock:
            if not self._is_open:
                raise SandboxError("The sandbox is not running.")
            if key not in self._pools:
                self._pools[key] = self._new_pool(libraries, limits)
            return self._pools[key]

    def _new_pool(self, libraries: bool, limits: SandboxLimits) -> WarmPool:
        servers = self._heavy if libraries else self._light
        size = WarmSize(
            self._settings.warm_sessions if limits == self._usual_limits else 0,
            self._settings.warm_sessions_most,
            idle_seconds=self._settings.warm_idle_seconds,
        )
        pool = WarmPool(lambda warm: servers.make(limits, warm=warm), partial(_drop, servers), size)
        self._loop.post(pool.keep)
        return pool

    async def _renew_servers(self) -> None:
        """Replace servers that have made many sessions or lived long; what is ready from them is let go."""
        while True:
            await anyio.sleep(self._renew_seconds)
            for libraries, servers in ((False, self._light), (True, self._heavy)):
                try:
                    if await servers.replace_if_old():
                        await self._drop_ready_of_old(libraries)
                except SandboxError as error:
                    log.warning("sandbox_fork_server_not_replaced", reason=str(error))

    async def _drop_ready_of_old(self, libraries: bool) -> None:
        with self._lock:
            pools = [pool for (heavy, _), pool in self._pools.items() if heavy is libraries]
        for pool in pools:
            for ready in pool.forget(lambda one: one.generation.is_old):
                await _drop(self._heavy if libraries else self._light, ready)

    def _forget(self, session: NamespaceSession, libraries: bool, ready: ReadySession) -> None:
        self._sessions.discard(session)
        if self._is_open:
            self._loop.post((self._heavy if libraries else self._light).give_back, ready.generation)

    async def _attach(
        self, session: NamespaceSession, servers: ForkServers, input_dir: Path | None, output_dir: Path | None
    ) -> None:
        mounts: dict[str, int] = self._own_folders(session)
        try:
            if input_dir is not None:
                mounts["/input"] = await self._loop.call(partial(servers.mount, _folder(input_dir), read_only=True))
            if output_dir is not None:
                if (user := outside_user(self._settings.outside_id)) is not None:
                    os.chown(output_dir, user, user)
                mounts["/output"] = await self._loop.call(partial(servers.mount, _folder(output_dir), read_only=False))
            if mounts:
                await session.attach(mounts, output_dir)
        finally:
            for descriptor in mounts.values():
                os.close(descriptor)

    def _own_folders(self, session: NamespaceSession) -> dict[str, int]:
        """Return what a session has for itself and the kernel does not give it: path inside → descriptor."""
        return {}


async def _drop(servers: ForkServers, ready: ReadySession) -> None:
    end_forked(ready.forked)
    await servers.give_back(ready.generation)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SandboxError(f"{str(path)!r} is not a folder, so the sandbox cannot show it.")
    return path.resolve()
