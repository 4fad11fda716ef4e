"""The fork servers of one kind, one after the other: each is replaced after a while, so that hash seeds change.

Used in one event loop only; many of its tasks at once. Makes sessions, keeps none.
"""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import refusals
from sanca.python_runtime.sandbox.guest import frames
from sanca.python_runtime.sandbox.launcher import ForkedSession, ForkServer
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.wire import MessageReader, send_message

log = structlog.get_logger()

_WARM_UP = {"do": "run", "round": 0, "cpu_seconds": 10, "action": frames.pack({"warm_up": True})}
_WARM_UPS = 2
"""The second one copies the pages that the first one left shared: 30 of them."""


@dataclass(eq=False)
class Generation:
    """One fork server's life."""

    server: ForkServer
    started: float = field(default_factory=time.monotonic)
    made: int = 0
    living: int = 0
    """Sessions that were not given back yet; the server ends after them, for they cannot live without it."""
    is_old: bool = False


@dataclass(frozen=True, eq=False)
class ReadySession:
    """A session that waits for its first action. Whoever holds it gives it back to its servers when it has ended."""

    forked: ForkedSession
    generation: Generation

    @property
    def hash_seed(self) -> int:
        """PYTHONHASHSEED of its guest."""
        return self.generation.server.hash_seed

    @property
    def is_alive(self) -> bool:
        """Whether it can be used: it may have been killed, with its server or for want of memory."""
        end = select.poll()
        end.register(self.forked.pidfd, select.POLLIN)
        return self.generation.server.alive and not end.poll(0)


class ForkServers:
    """Makes sessions from the newest server. A server that was killed is replaced; its sessions ended with it."""

    def __init__(
        self, settings: SandboxSettings, *, libraries: bool, server_class: type[ForkServer] = ForkServer
    ) -> None:
        self._settings = settings
        self._libraries = libraries
        self._server_class = server_class
        self._newest: Generation | None = None
        self._old: set[Generation] = set()
        self._start_lock = anyio.Lock()
        self._fork_lock = anyio.Lock()
        self._is_closed = False

    @property
    def newest(self) -> Generation | None:
        """The server that makes new sessions; None before the first."""
        return self._newest

    async def start(self) -> None:
        """Start the first server.

        Raises:
            SandboxError: It cannot run here; says why and what mends it.
        """
        await self._living()

    async def make(self, limits: SandboxLimits, *, warm: bool = True) -> ReadySession:
        """Return a new session that has its namespaces.

        Args:
            limits: What it may use.
            warm: Let it run a first action and forget it; not worth the time when somebody waits for the session.

        Raises:
            SandboxError: It could not be made; says why and what mends it.
        """
        generation = await self._living()
        try:
            return await self._make_from(generation, limits, warm)
        except SandboxError:
            if generation.server.alive or self._is_closed:
                raise
        return await self._make_from(await self._living(), limits, warm)  # the server was killed while it made ours

    async def mount(self, folder: Path, *, read_only: bool) -> int:
        """Return the descriptor of a mount of a host folder; a session of any of our servers can attach it."""
        return await (await self._living()).server.mount(folder, read_only=read_only)

    async def replace_if_old(self) -> bool:
        """Start the next server when the newest has lived long enough; whether it did."""
        generation = self._newest
        if generation is None or not self._is_due(generation):
            return False
        following = await self._new_generation()
        self._retire(generation)
        self._newest = following
        await self._close_unused(generation)
        log.info("sandbox_fork_server_replaced", sessions=generation.made)
        return True

    async def give_back(self, generation: Generation) -> None:
        """Say that a session has ended; the last one of an old server ends it."""
        generation.living -= 1
        await self._close_unused(generation)

    async def close(self) -> None:
        """End every server and all their sessions."""
        self._is_closed = True
        if self._newest is not None:
            self._retire(self._newest)
        for generation in tuple(self._old):
            await generation.server.close()
        self._old.clear()
        self._newest = None

    async def _make_from(self, generation: Generation, limits: SandboxLimits, warm: bool) -> ReadySession:
        generation.living += 1
        generation.made += 1
        try:
            ready = ReadySession(await self._fork(generation, limits), generation)
            await self._wait_until_ready(ready, warm)
        except BaseException:
            await self.give_back(generation)
            raise
        return ready

    async def _fork(self, generation: Generation, limits: SandboxLimits) -> ForkedSession:
        # Shielded: an answer that nobody collects would be taken for the next one's, which may have other limits.
        with anyio.CancelScope(shield=True):
            try:
                with anyio.fail_after(self._settings.start_seconds):
                    async with self._fork_lock:
                        await generation.server.ask(limits)
                        return await generation.server.collect()
            except TimeoutError:  # an OSError too, so it comes first
                await generation.server.close()
                raise _too_slow() from None
            except OSError as error:
                raise SandboxError(f"The sandbox could not make a session: {error.strerror or error}.") from error
        raise AssertionError("unreachable")

    async def _living(self) -> Generation:
        async with self._start_lock:
            if self._is_closed:
                raise SandboxError("The sandbox is not running.")
            if self._newest is not None and not self._newest.server.alive:
                log.warning("sandbox_fork_server_ended")
                await self._newest.server.close()
                self._newest = None
            if self._newest is None:
                self._newest = await self._new_generation()
            return self._newest

    async def _new_generation(self) -> Generation:
        server = self._server_class(self._settings, libraries=self._libraries)
        try:
            await server.start()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await server.close()
            raise
        return Generation(server)

    def _is_due(self, generation: Generation) -> bool:
        age = time.monotonic() - generation.started
        return generation.made >= self._settings.server_sessions or age >= self._settings.server_minutes * 60

    def _retire(self, generation: Generation) -> None:
        generation.is_old = True
        self._old.add(generation)

    async def _close_unused(self, generation: Generation) -> None:
        if generation.is_old and generation.living <= 0 and generation in self._old:
            self._old.discard(generation)
            with anyio.CancelScope(shield=True):
                await generation.server.close()

    async def _wait_until_ready(self, ready: ReadySession, warm: bool) -> None:
        try:
            with anyio.fail_after(self._settings.start_seconds):
                reader = MessageReader(ready.forked.control)
                answer = await reader.read()
                if answer["error"]:
                    raise refusals.explain_start(answer, "")
                if not (warm and ready.generation.server.warms_up):
                    return
                # What the first action would have waited for (pages copied, code loaded) is done now.
                for _ in range(_WARM_UPS):
                    await send_message(ready.forked.control, _WARM_UP)
                    await reader.read()
        except BaseException as error:
            end_forked(ready.forked)
            if isinstance(error, EOFError):
                reason = "The sandbox session ended before it began; look at the system's memory."
                raise SandboxError(reason) from None
            if isinstance(error, TimeoutError):
                raise _too_slow() from None
            raise


def _too_slow() -> SandboxError:
    return SandboxError("The sandbox did not make a session in time; the machine may be overloaded.")


def end_forked(forked: ForkedSession) -> None:
    """Let go of a session that nobody used: its first process ends when its socket does."""
    forked.control.close()
    forked.tools.close()
    os.close(forked.pidfd)
