"""How reads and writes go while a remote store comes and goes: directly, into the queue, or to the short-term copy.

Knows what a store does by name only; which of its methods goes which way is said by the children.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import structlog
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.moments import now
from sanca.memory.stores.outbox.delivery import Writing, deliver, writing_of
from sanca.memory.stores.outbox.waiting_writes import WaitingWrites
from sanca.memory.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from sanca.memory.stores import Store

log = structlog.get_logger()

Value = TypeVar("Value")

COPIED_RECORDS = 20_000
"""How much the short-term copy keeps when it is opened; what is older is let go of there, not in the store."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
LOOK_SECONDS = 30.0
_BATCH = 50


@dataclass
class Outage:
    """Since when the store is down, and why; `told` are those who know it already."""

    since: str
    reason: str
    told: set[tuple[str, str]]


class OutboxWays:
    """Opening, delivering, and how each read and write finds its way; the store's methods are in its children."""

    def __init__(self, remote: Store, folder: Path) -> None:
        """Take the remote store, and the folder for the copy and what waits."""
        self._remote = remote
        self._copy = SqliteStore(folder / "memory-copy.db")
        self._waiting = WaitingWrites(folder / "memory-waiting.db")
        self._outage: Outage | None = None
        self._is_behind = False
        self._is_remote_open = False
        self._lock = anyio.Lock()
        self._woken = anyio.Event()
        self._level = anyio.Event()
        self._seeded: set[tuple[str, str, str]] = set()
        self._keeping = anyio.CancelScope()
        self._kept = anyio.Event()
        self._kept.set()

    @property
    def name(self) -> str:
        """The remote store's name."""
        return self._remote.name

    @property
    def outage(self) -> Outage | None:
        """The outage that goes on now."""
        return self._outage

    async def open(self) -> None:
        """Open the copy and the queue, and the remote store where it answers; where not, `keep` tries again.

        Raises:
            StoreError: The remote store answers and refuses.
        """
        await self._copy.open()
        await self._waiting.open()
        self._is_behind = await self._waiting.count() > 0
        try:
            await self._open_remote()
        except StoreUnavailableError as error:
            await self._went_down(error)
        except BaseException:
            await self.close()
            raise
        await self._prune()

    async def close(self) -> None:
        """End `keep` and close all three; what waits is delivered by the next engine."""
        self._keeping.cancel()
        await self._kept.wait()
        await self._remote.close()
        await self._waiting.close()
        await self._copy.close()

    async def keep(self) -> None:
        """Deliver what waits whenever the remote store answers, for as long as the store is open."""
        self._kept = anyio.Event()
        try:
            with self._keeping:
                await self._keep()
        finally:
            self._kept.set()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            if not self._is_behind:
                with anyio.move_on_after(LOOK_SECONDS):  # another process may have left writes in the queue
                    await self._woken.wait()
                self._woken, pause = anyio.Event(), FIRST_PAUSE_SECONDS
            if not self._is_behind and not await self._waiting.count():
                continue
            try:
                await self._deliver_all()
            except StoreError as error:  # one that refuses now may be mended while the engine goes on
                await self._went_down(error)
                await anyio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - so that engines do not come at once
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def settled(self) -> None:
        """Wait until the store answers and nothing waits for it."""
        while self._is_behind:
            await self._level.wait()

    async def detail(self) -> str:
        """Return how it stands, for Health: the store's name, and what waits since when."""
        waiting, refused = await self._waiting.count(), await self._waiting.refused()
        parts = [self.name]
        if self._outage is not None:
            parts.append(f"not reachable since {self._outage.since} ({self._outage.reason})")
        if waiting:
            parts.append(f"{waiting} writes wait for it")
        if refused:
            parts.append(f"{refused} writes were refused by it and are kept in memory-waiting.db")
        return "; ".join(parts)

    def untold(self, tenant: str, user: str) -> bool:
        """Whether there is an outage that this user does not know of; asking counts as telling."""
        if self._outage is None or (tenant, user) in self._outage.told:
            return False
        self._outage.told.add((tenant, user))
        return True

    # Going down and coming back

    async def _open_remote(self) -> None:
        if not self._is_remote_open:
            await self._remote.open()
            self._is_remote_open = True

    async def _went_down(self, error: StoreError) -> None:
        if self._outage is None:
            log.warning("memory_store_down", store=self.name, reason=str(error))
            self._outage = Outage(now(), str(error), set())
        self._is_behind = True
        self._woken.set()

    async def _deliver_all(self) -> None:
        """Deliver until nothing waits, then take writes directly again."""
        await self._open_remote()
        delivered = 0
        while True:
            batch = await self._waiting.first(_BATCH)
            for write in batch:
                await deliver(write, self._remote, self._waiting)
            delivered += len(batch)
            if batch:
                continue
            async with self._lock:  # nobody may add between the last look and the change
                if await self._waiting.count():
                    continue
                await self._probe()
                self._is_behind, self._outage = False, None
                self._level.set()
                self._level = anyio.Event()
            log.info("memory_store_back", store=self.name, delivered=delivered)
            return

    async def _probe(self) -> None:
        """Ask the remote store something that costs nothing."""
        await self._remote.session_exists("")

    async def _prune(self) -> None:
        """Let the copy keep only the newest records."""
        kept = 0
        async for page, _ in self._copy.scan(None, RecordFilter(), newest_first=True):
            kept += len(page)
            if kept > COPIED_RECORDS:
                for record in page:
                    which = RecordFilter(layers=(record.layer,), ids=(record.id,), session_ids=(record.session_id,))
                    await self._copy.delete(Scope(tenant=record.tenant, user=record.user), which)

    # Reading and writing with and without the remote store

    async def _write(self, name: str, body: Mapping[str, Any]) -> None:
        """Write to the remote store, or have it wait; the copy takes it in any case where it can."""
        writing = writing_of(name, body)
        if not self._is_behind:
            try:
                await writing(self._remote)
                return
            except StoreUnavailableError as error:
                await self._went_down(error)
        async with self._lock:
            if self._is_behind:
                await self._waiting.add(name, body)
                return
        await writing(self._remote)

    async def _write_both(self, name: str, body: Mapping[str, Any]) -> None:
        """Write, and keep the copy level with it. While the store is down the copy says what is refused."""
        if self._is_behind:
            await writing_of(name, body)(self._copy)
            return await self._write(name, body)
        await self._write(name, body)
        try:
            await writing_of(name, body)(self._copy)
        except StoreError as error:  # it lacks what belongs to a session that lived elsewhere
            log.debug("memory_copy_lacks", write=name, reason=str(error))

    async def _read(self, reading: Writing[Value], *, copy: Writing[Value] | None = None) -> Value:
        """Read from the remote store, or from the copy while that is down."""
        if self._outage is None:
            try:
                return await reading(self._remote)
            except StoreUnavailableError as error:
                await self._went_down(error)
        return await (copy or reading)(self._copy)
