"""A store that goes on while the remote one behind it is down: writes wait in order, reads go to a short-term copy.

The copy is an embedded store of its own with the messages of the sessions that live here. While the remote store does
not answer, it takes every write as well, and answers every read with what it has. What waits is delivered in order
when the remote store is back; until the last of it has arrived, new writes queue up behind. A delivery that is cut off
is repeated: every write may come twice and counts once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import Candidate, Layer, MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.stores.outbox.buffered_sessions import OutboxSessions

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

__all__ = ["BufferedStore"]


class BufferedStore(OutboxSessions):
    """`SessionStore` and `RecordStore` over a remote store that may be down.

    Lifecycle: `open` once, `keep` as a task for as long as it is open, `close` once.
    """

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
        has_begun = False
        if self._outage is None:
            try:
                async for found in self._remote.scan(scope, which, newest_first=newest_first, after=after, page=page):
                    has_begun = True
                    yield found
                return
            except StoreUnavailableError as error:
                await self._went_down(error)
        if scope is None or after or has_begun:
            raise StoreUnavailableError(self._outage.reason if self._outage else "The memory store went away.")
        async for found in self._copy.scan(scope, which, newest_first=newest_first, page=page):
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
