"""The sandbox on Linux namespaces: one fork server, sessions forked from it (contracts.md, section 4)."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.launcher import ForkServer
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.session import NamespaceSession
from sanca.python_runtime.sandbox.settings import SandboxSettings

log = structlog.get_logger()


class NamespaceSandbox:
    """See `Sandbox`. Model-written code runs without capabilities, network, programs or the host's files."""

    level = "namespace"
    abilities = Abilities(cpu_share=False, libraries=False, snapshot=False)

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        self._server = ForkServer(self._settings)
        self._is_started = False
        self._lock = anyio.Lock()
        self._sessions: set[NamespaceSession] = set()

    @property
    def hash_seed(self) -> int:
        """PYTHONHASHSEED of every guest; belongs into an action's journal row."""
        return self._server.hash_seed

    async def __aenter__(self) -> NamespaceSandbox:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Start the fork server; see `Sandbox.start`."""
        try:
            await self._server.start()
            await self._ask_ahead(0)
            self._is_started = True
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._server.close()
            raise

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> NamespaceSession:
        """Return a fresh session; see `Sandbox.spawn`."""
        session = await self._fresh_session()
        try:
            await session.wait_ready()
            if input_dir is not None or output_dir is not None:
                await self._attach(session, input_dir, output_dir)
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """End every session and the fork server; see `Sandbox.close`."""
        with anyio.CancelScope(shield=True):
            for session in (*self._sessions, *await self._collect_all()):
                await session.close()
            self._sessions.clear()
            self._is_started = False
            await self._server.close()

    async def _fresh_session(self) -> NamespaceSession:
        async with self._lock:
            await self._restart_if_ended()
            try:
                with anyio.fail_after(self._settings.start_seconds):
                    await self._ask_ahead(1)
                    session = NamespaceSession(await self._server.collect(), self._settings)
                    self._sessions = {session, *(other for other in self._sessions if not other.closed)}
            except TimeoutError:
                raise SandboxError(
                    "The sandbox did not make a session in time; the machine may be overloaded."
                ) from None
        return session

    async def _restart_if_ended(self) -> None:
        """Replace a fork server that was killed (for want of memory, say); its sessions ended with it."""
        if self._is_started and not self._server.alive:
            log.warning("sandbox_fork_server_ended")
            await self._server.close()
            self._server = ForkServer(self._settings)
            await self.start()

    async def _collect_all(self) -> list[NamespaceSession]:
        """Return the sessions made ahead of need, so that they can be ended and waited for like all others."""
        collected: list[NamespaceSession] = []
        try:
            with anyio.move_on_after(self._settings.start_seconds):
                async with self._lock:
                    while self._server.asked:
                        collected.append(NamespaceSession(await self._server.collect(), self._settings))
        except SandboxError as error:
            log.warning("sandbox_sessions_not_collected", reason=str(error))
        return collected

    async def _ask_ahead(self, needed: int) -> None:
        while self._server.asked < self._settings.warm_sessions + needed:
            await self._server.ask()

    async def _attach(self, session: NamespaceSession, input_dir: Path | None, output_dir: Path | None) -> None:
        mounts: dict[str, int] = {}
        try:
            if input_dir is not None:
                mounts["/input"] = await self._server.mount(_folder(input_dir), read_only=True)
            if output_dir is not None:
                if os.geteuid() == 0:
                    os.chown(output_dir, self._settings.outside_id, self._settings.outside_id)
                mounts["/output"] = await self._server.mount(_folder(output_dir), read_only=False)
            await session.attach(mounts, output_dir)
        finally:
            for descriptor in mounts.values():
                os.close(descriptor)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SandboxError(f"{str(path)!r} is not a folder, so the sandbox cannot show it.")
    return path.resolve()
