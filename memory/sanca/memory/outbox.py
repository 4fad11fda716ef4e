"""A store that goes on while the remote one behind it is down: writes wait in order, reads go to a short-term copy.

The copy is an embedded store of its own with the messages of the sessions that live here. While the remote store does
not answer, it takes every write as well, and answers every read with what it has. What waits is delivered in order
when the remote store is back; until the last of it has arrived, new writes queue up behind. A delivery that is cut off
is repeated: every write may come twice and counts once.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import structlog
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.memory import Candidate, Layer, MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.core.messages import Message
from sanca.memory.delivery import Writing, deliver, writing_of
from sanca.memory.stores.sqlite import SqliteStore
from sanca.memory.stores.sqlite.moments import now
from sanca.memory.waiting_writes import WaitingWrites

if TYPE_CHECKING:
    from sanca.core.memory import Vectors
    from sanca.memory.stores import Store

log = structlog.get_logger()

Value = TypeVar("Value")

COPIED_RECORDS = 20_000
"""How much the short-term copy keeps when it is opened; what is older is let go of there, not in the store."""
SEEDED_MESSAGES = 200
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
LOOK_SECONDS = 30.0
_BATCH = 50


@dataclass
class Outage:
    """Since when the store is down, and why; `told` are those who know it already."""

    since: str
    reason: str
    told: set[tuple[str, str]]


class BufferedStore:
    """`SessionStore` and `RecordStore` over a remote store that may be down.

    Lifecycle: `open` once, `keep` as a task for as long as it is open, `close` once.
    """

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
            except StoreUnavailableError as error:
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

    async def _went_down(self, error: StoreUnavailableError) -> None:
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

    # Sessions

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now."""
        await self._write_both("touch_session", _own(tenant, user, session_id, title=title))

    async def list_sessions(self, tenant: str, user: str, *, limit: int = 50) -> list[dict[str, str]]:
        """Return the sessions, most recently used first; while the store is down those that live here."""
        return await self._read(lambda store: store.list_sessions(tenant, user, limit=limit))

    async def rename_session(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Give the session a title."""
        await self._write_both("rename_session", _own(tenant, user, session_id, title=title))

    async def delete_session(self, tenant: str, user: str, session_id: str) -> None:
        """Forget the session, its messages, files' records and feedback."""
        await self._write_both("delete_session", _own(tenant, user, session_id))

    async def owns_session(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session exists and is this user's."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return True
        return await self._read(lambda store: store.owns_session(tenant, user, session_id))

    async def session_exists(self, session_id: str) -> bool:
        """Whether anyone has or had a session of that id."""
        if self._is_behind and await self._copy.session_exists(session_id):
            return True
        return await self._read(lambda store: store.session_exists(session_id))

    async def add_message(self, tenant: str, user: str, session_id: str, message: Message) -> None:
        """Append a message; the same id again is ignored."""
        said = message if message.created_at else message.model_copy(update={"created_at": now()})
        await self._write_both("add_message", _own(tenant, user, session_id, message=said.model_dump()))

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return await self._copy.messages(tenant, user, session_id, limit=limit)
        found = await self._read(lambda store: store.messages(tenant, user, session_id, limit=limit))
        if self._outage is None and (tenant, user, session_id) not in self._seeded:
            await self._seed(tenant, user, session_id)
        return found

    async def _seed(self, tenant: str, user: str, session_id: str) -> None:
        """Bring a session that lives here now into the copy."""
        self._seeded.add((tenant, user, session_id))
        try:
            if not await self._remote.owns_session(tenant, user, session_id):
                return
            await self._copy.touch_session(tenant, user, session_id)
            for message in await self._remote.messages(tenant, user, session_id, limit=SEEDED_MESSAGES):
                await self._copy.add_message(tenant, user, session_id, message)
        except StoreError as error:
            log.debug("memory_copy_lacks", session=session_id, reason=str(error))

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it from `messages`. Kept for audit."""
        await self._write_both("drop_messages_from", _own(tenant, user, session_id, message_id=message_id))

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb up or down."""
        body = {"tenant": tenant, "user": user, "run_id": run_id, "thumb": thumb, "comment": comment}
        await self._write_both("add_feedback", body)

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record."""
        await self._write_both("add_file", {"tenant": tenant, "user": user, "info": dict(info)})

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""
        found = await self._read(lambda store: store.file(tenant, user, file_id))
        return found if found or not self._is_behind else await self._copy.file(tenant, user, file_id)

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return the session's files' records, oldest first."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return await self._copy.files(tenant, user, session_id)
        return await self._read(lambda store: store.files(tenant, user, session_id))

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""
        return await self._read(lambda store: store.feedback(tenant, user, run_id))

    async def known_sessions(self, tenant: str, user: str) -> list[str]:
        """Return the ids of all sessions the user has or had, deleted ones too."""
        return await self._read(lambda store: store.known_sessions(tenant, user))

    async def erase_user(self, tenant: str, user: str) -> int:
        """Forget everything kept of the user; return how many records there were.

        Raises:
            StoreUnavailableError: The store is down or lags behind: what waits for it might be the user's. Nothing
                was forgotten.
        """
        if self._is_behind:
            reason = self._outage.reason if self._outage else "Writes still wait for the memory store."
            raise StoreUnavailableError(f"{reason} Forgetting everything needs it; try again when it answers.")
        count = await self._remote.erase_user(tenant, user)
        await self._copy.erase_user(tenant, user)
        await self._waiting.forget_refused(tenant, user)
        return count

    async def scrub(self) -> None:
        """Take what was deleted out of the files, here and, as far as it can, there."""
        for store in (self._copy, self._waiting, self._remote):
            await store.scrub()

    # Records

    async def put(self, records: Sequence[MemoryRecord], vectors: Vectors | None = None, embedder: str = "") -> None:
        """Add or replace records; what has to wait gets its vectors later."""
        if not self._is_behind:
            try:
                return await self._remote.put(records, vectors, embedder)
            except StoreUnavailableError as error:
                await self._went_down(error)
        await self._copy.put([record.model_copy(update={"revision": 0}) for record in records])
        await self._write("put", {"records": [record.model_dump() for record in records]})
        return None

    async def get(self, scope: Scope, keys: Sequence[RecordKey]) -> list[MemoryRecord]:
        """Return those records that there are, in the order of the keys."""
        return await self._read(lambda store: store.get(scope, keys))

    async def delete(self, scope: Scope, which: RecordFilter) -> int:
        """Forget the scope's own records that the filter leaves in; while the store is down, later there."""
        here = await self._copy.delete(scope, which)
        if not self._is_behind:
            try:
                return await self._remote.delete(scope, which)
            except StoreUnavailableError as error:
                await self._went_down(error)
        await self._write("delete", {"scope": scope.model_dump(), "which": which.model_dump()})
        return here

    async def scan(
        self, scope: Scope | None, which: RecordFilter, *, newest_first: bool = False, after: str = "", page: int = 500
    ) -> AsyncIterator[tuple[list[MemoryRecord], str]]:
        """Yield pages of records; everything of every tenant only while the remote store answers."""
        source: Store = self._remote
        if self._outage is not None:
            if scope is None or after:
                raise StoreUnavailableError(self._outage.reason)
            source = self._copy
        async for found in source.scan(scope, which, newest_first=newest_first, after=after, page=page):
            yield found

    async def count(self, scope: Scope, which: RecordFilter) -> dict[Layer, int]:
        """Return how many records of each layer the filter leaves in."""
        return await self._read(lambda store: store.count(scope, which))

    async def around(self, scope: Scope, key: RecordKey, before: int, after: int) -> list[MemoryRecord]:
        """Return the records that stand beside one in its session or document."""
        return await self._read(lambda store: store.around(scope, key, before, after))

    async def lexical(
        self, scope: Scope, terms: Sequence[tuple[str, float]], which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records that have any of the terms; while the store is down those of the copy."""
        return await self._read(lambda store: store.lexical(scope, terms, which, limit))

    async def nearest(
        self, scope: Scope, vector: Vectors, embedder: str, which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records whose vectors are nearest; while the store is down, those that the copy has."""
        return await self._read(lambda store: store.nearest(scope, vector, embedder, which, limit))

    async def without_vectors(self, embedder: str, limit: int) -> list[MemoryRecord]:
        """Return records without vectors; none while the store is down, for there is nowhere to keep them."""
        return [] if self._is_behind else await self._remote.without_vectors(embedder, limit)

    async def set_vectors(self, records: Sequence[MemoryRecord], vectors: Vectors, embedder: str) -> None:
        """Give records their vectors, in the remote store."""
        await self._remote.set_vectors(records, vectors, embedder)


def _own(tenant: str, user: str, session_id: str, **more: Any) -> dict[str, Any]:
    return {"tenant": tenant, "user": user, "session_id": session_id, **more}
