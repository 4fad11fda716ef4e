"""One session's sandbox, awake or asleep: it wakes for an action, and its names outlive what ends its process.

A snapshot is taken after a round, while nobody waits for it; what it cannot keep is told when it is lost, not before.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.libraries_needed import needs_libraries
from sanca.python_runtime.sandbox.ports import ActionResult, SandboxSession, Snapshot, Used
from sanca.python_runtime.snapshots import SnapshotFiles

log = structlog.get_logger()

Spawn = Callable[[bool], Awaitable[SandboxSession]]
"""Makes a sandbox session, with libraries loaded or without."""
Perform = Callable[[SandboxSession], Awaitable[ActionResult]]
"""Runs the action in it."""

_OTHER_PYTHON = "it was kept by another version of Python."
_NOT_BACK = "it could not be brought back."
_NEWER = "it was bound after the last snapshot."
_KEPT = "The engine was started anew since the last action; the session's names were kept."
_OUTDATED = (
    "The engine ended before it had kept what the last action left: names that it bound or changed are missing, or as"
    " they were before."
)
_TOLD_REASONS = 20
_WAKE_SECONDS = 5.0
"""For so long a session that was woken is left alone: between waking and action lie a type check and a look at it."""


@dataclass(frozen=True)
class SnapshotBounds:
    """How large a snapshot may be and how long taking it may last."""

    limit_bytes: int
    limit_seconds: float
    is_generous: bool = False
    """Whether what does not fit is lost for good; else a later snapshot may take it."""


class HeldSession:
    """Used by one task at a time but for `is_awake`, `is_busy` and `idle_since`; calls wait for each other."""

    def __init__(
        self, session_id: str, spawn: Spawn, let_go: Callable[[], Awaitable[None]], files: SnapshotFiles
    ) -> None:
        self._session_id = session_id
        self._spawn = spawn
        self._let_go = let_go
        self._files = files
        self._lock = anyio.Lock()
        self._session: SandboxSession | None = None
        self._has_run = False
        """Whether there were actions before, whose names can be missed."""
        self._is_noted = False
        """Whether the disk tells already that there may be newer names than those of the snapshot."""
        self._known = frozenset[str]()
        """The names it had when they were last told."""
        self._used = Used()
        """What its actions have used, whichever process they ran in."""
        self._is_complete = True
        """Whether the last snapshot holds all that the last round left."""
        self._lost: dict[str, str] = {}
        """What was lost since the last action, to be told with the next result."""
        self._notes: list[str] = []
        self._all_lost = False
        self.names: dict[str, str] | None = {}
        """The names it has → their types, as far as they can be told; None when they are not known."""
        self.is_busy = False
        self.idle_since = time.monotonic()
        self._woken_at = -_WAKE_SECONDS

    @property
    def is_expecting(self) -> bool:
        """Whether it was just woken for an action that has not come yet."""
        return time.monotonic() - self._woken_at < _WAKE_SECONDS

    @property
    def is_awake(self) -> bool:
        """Whether it has a process."""
        return self._session is not None

    @property
    def is_complete(self) -> bool:
        """Whether it could sleep at once, with nothing to be taken down first."""
        return self._is_complete

    async def wake(self, code: str) -> SandboxSession:
        """Return the session, woken if it slept, with its names.

        Args:
            code: The action that it wakes for; it decides whether libraries are loaded.

        Raises:
            SandboxError: No session could be made.
        """
        async with self._lock:
            self.idle_since = self._woken_at = time.monotonic()
            return await self._wake(code)

    async def run(self, code: str, perform: Perform) -> ActionResult:
        """Run an action; the result tells which names were lost since the last one.

        Raises:
            SandboxError: No session could be made.
        """
        self.is_busy = True
        try:
            async with self._lock:
                session = await self._wake(code)
                if not self._is_noted:
                    self._files.expect_newer(self._session_id)
                self._is_complete, self._is_noted = False, True
                self.names = None
                result = await perform(session)
                self.names = result.names
                self._known = self._known if result.names is None else frozenset(result.names)
                self._used = session.used
                if self._used.is_spent and not session.alive:
                    await self._forget()
                await self._mend(session)
                return self._tell(result)
        finally:
            self._has_run = True
            self.is_busy, self.idle_since = False, time.monotonic()
            self._woken_at = -_WAKE_SECONDS

    async def take_snapshot(self, bounds: SnapshotBounds) -> None:
        """Take down what can be kept, within the bounds, unless an action waits already.

        A failure is logged and leaves the last snapshot as it is.
        """
        async with self._lock:
            if not self.is_busy:
                await self._take_snapshot(bounds)

    async def sleep(self, bounds: SnapshotBounds) -> None:
        """End the process, after a snapshot where the last one does not hold all."""
        async with self._lock:
            if not self._is_complete:
                await self._take_snapshot(bounds)
            await self._end()

    async def end(self) -> None:
        """End the process at once, and with it an action that runs; names of the last snapshot live on."""
        if self._session is not None:
            await self._session.close()
        async with self._lock:
            await self._end()

    async def close(self, bounds: SnapshotBounds) -> None:
        """End the process as the engine ends: after a snapshot, when it is idle and something of it is not kept."""
        if self._session is not None and not (self.is_busy or self._is_complete):
            with anyio.move_on_after(bounds.limit_seconds):
                await self.take_snapshot(bounds)
        await self.end()

    async def forget(self) -> None:
        """End the process and delete the snapshot: nothing of the session lives on."""
        await self.end()
        async with self._lock:
            await self._forget()

    # -- inside the lock ----------------------------------------------------------------------------------------------

    async def _wake(self, code: str) -> SandboxSession:
        if self._session is not None and not self._session.alive:
            await self._end()
        if self._session is None:
            kept = await self._last_snapshot()
            self._session = await self._spawn(needs_libraries(code) or (kept is not None and kept.libraries))
            self._session.carry_over(self._used)
            await self._bring_back(self._session, kept, has_files=False)
        elif self._session.names_lost:
            await self._bring_back(self._session, await self._last_snapshot(), has_files=True)
        return self._session

    async def _forget(self) -> None:
        """Delete what was kept, also of what was used: what comes now is another session."""
        await self._files.forget(self._session_id)
        self._used, self._known, self._is_noted = Used(), frozenset(), False

    async def _mend(self, session: SandboxSession) -> None:
        """Bring names back when the action lost them, so that its own result can tell which are gone."""
        if session.alive and not session.names_lost:
            return
        try:
            await self._wake("")
        except SandboxError as error:
            log.warning("sandbox_session_not_mended", session_id=self._session_id, reason=str(error))
            self._all_lost = self._has_run

    async def _bring_back(self, session: SandboxSession, kept: Snapshot | None, *, has_files: bool) -> None:
        self._is_complete = kept is not None
        self.names = {}
        if kept is None:
            self._all_lost = self._has_run
            return
        try:
            not_back = await session.restore(kept)
        except SandboxError as error:
            log.warning("snapshot_not_restored", session_id=self._session_id, reason=str(error))
            not_back = kept.kept
        self.names = {name: "Any" for name in kept.kept if name not in not_back}
        newer = sorted(self._known.difference(kept.kept, kept.lost))
        lost = {**kept.lost, **dict.fromkeys(not_back, _NOT_BACK), **dict.fromkeys(newer, _NEWER)}
        self._known = frozenset(self.names)
        self._lost.update({name: reason for name, reason in lost.items() if not (has_files and name.startswith("/"))})

    async def _last_snapshot(self) -> Snapshot | None:
        stored = await self._files.get(self._session_id)
        if not self._has_run:
            is_outdated = self._files.is_outdated(self._session_id)
            self._has_run = is_outdated or stored is not None
            self._used = self._used if stored is None else stored.used
            self._notes += [_OUTDATED if is_outdated else _KEPT] if self._has_run else []
        if stored is None:
            return None
        if stored.fits:
            return stored.snapshot
        self._lost.update(dict.fromkeys(stored.snapshot.kept, _OTHER_PYTHON))
        return None

    async def _take_snapshot(self, bounds: SnapshotBounds) -> None:
        session = self._session
        if session is None or not session.alive or session.names_lost:
            return
        try:
            taken = await session.snapshot(limit_bytes=bounds.limit_bytes, limit_seconds=bounds.limit_seconds)
        except SandboxError as error:
            log.info("snapshot_not_taken", session_id=self._session_id, reason=str(error))
            return
        if await self._files.put(self._session_id, taken, session.used):
            self._is_complete = bounds.is_generous or not taken.lost
            self._is_noted = False

    async def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with anyio.CancelScope(shield=True):
                await session.close()
                await self._let_go()

    def _tell(self, result: ActionResult) -> ActionResult:
        lost, self._lost = self._lost, {}
        notes, self._notes = self._notes, []
        all_lost, self._all_lost = self._all_lost, False
        reasons = [f"{name}: {reason}" for name, reason in list(lost.items())[:_TOLD_REASONS]]
        return replace(
            result,
            names_lost=all_lost,
            lost_names=(*result.lost_names, *lost),
            notes=(*result.notes, *notes, *reasons),
        )
