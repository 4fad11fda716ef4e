"""Gets the records that a question is compared with: a whole session where it fits, a store's candidates where not.

A session's records are kept ready between questions. What others add is read before each answer; a record that was
edited or forgotten meanwhile is noticed when it is found, and everything is read anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from sanca.core.memory import Candidate, Embedder, MemoryRecord, Query, RecordFilter, RecordKey, RecordStore, Scope
from sanca.memory.embedders.static import StaticEmbedder
from sanca.memory.retrieval.pool import Pool

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

WHOLE_MOST = 4_000
"""How many records of the sessions asked about are compared one by one; of more, only a store's candidates are."""
_KEPT_MOST = 4_000
"""How many records of sessions in use stay ready: about 20 KB each."""
_PAGE = 2_000
_LEXICAL, _NEAREST = 100, 50
_NEIGHBOURS_OF, _NEIGHBOURS = 4, 2
_CHECKED = 20


@dataclass
class Source:
    """Records ready to be compared."""

    pool: Pool
    whole: bool
    """Whether these are all that the filter leaves in."""
    vectors: Vectors | None = None
    """The records' vectors, where they are at hand."""
    cosines: dict[RecordKey, float] = field(default_factory=dict)
    """What the store told of nearness, where the vectors are not at hand."""


@dataclass
class _Kept:
    records: dict[RecordKey, MemoryRecord]
    mark: str
    source: Source | None = None


class Sources:
    """Gets records of one store; keeps some thousands ready. Safe to use from many tasks."""

    def __init__(self, store: RecordStore, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._kept: OrderedDict[tuple[Scope, RecordFilter], _Kept] = OrderedDict()
        self._too_many: set[tuple[Scope, RecordFilter]] = set()
        self._reading = anyio.Lock()

    async def whole(self, scope: Scope, query: Query) -> Source | None:
        """Return all records of the sessions that are asked about; None where none are named or they are too many."""
        if not query.filter.session_ids:
            return None
        which = RecordFilter(
            layers=query.filter.layers, session_ids=query.filter.session_ids, own_only=query.filter.own_only
        )
        async with self._reading:
            kept = await self._read(scope, which)
            if kept is None:
                return None
            if kept.source is None:
                kept.source = await self._made_ready(list(kept.records.values()), whole=True)
            return kept.source

    async def candidates(
        self, scope: Scope, query: Query, terms: Sequence[tuple[str, float]], vector: Vectors
    ) -> Source:
        """Return what the store finds by words and by nearness, with what stands beside the best."""
        found = await self._store.lexical(scope, terms, query.filter, _LEXICAL) if terms else []
        near: list[Candidate] = []
        if vector.any():
            near = await self._store.nearest(scope, vector, self._embedder.name, query.filter, _NEAREST)
        best = [one.record for one in found[:_NEIGHBOURS_OF]] + [one.record for one in near[: _NEIGHBOURS_OF // 2]]
        beside = await self._beside(scope, list({record.key: record for record in best}.values()))
        records = {one.record.key: one.record for one in (*found, *near)}
        source = await self._made_ready(
            [*records.values(), *(one for one in beside if one.key not in records)], whole=False
        )
        source.cosines = {one.record.key: one.score for one in near}
        return source

    async def checked(self, scope: Scope, query: Query, terms: Sequence[tuple[str, float]], source: Source) -> bool:
        """Whether what the store finds now is as it is kept ready; if not, it is read anew next time."""
        if not terms:
            return True
        found = await self._store.lexical(scope, terms, query.filter, _CHECKED)
        kept = {record.key: record.revision for record in source.pool.records}
        same = all(kept.get(one.record.key) == one.record.revision for one in found)
        if not same:
            self.forget()
        return same

    def forget(self) -> None:
        """Keep nothing ready."""
        self._kept.clear()
        self._too_many.clear()

    async def _read(self, scope: Scope, which: RecordFilter) -> _Kept | None:
        key = (scope, which)
        if key in self._too_many:
            return None
        kept = self._kept.get(key) or _Kept({}, "")
        async for page, mark in self._store.scan(scope, which, after=kept.mark, page=_PAGE):
            kept.records |= {record.key: record for record in page}
            kept.mark, kept.source = mark, None if page else kept.source
            if len(kept.records) > WHOLE_MOST:
                self._too_many.add(key)
                self._kept.pop(key, None)
                return None
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(len(one.records) for one in self._kept.values()) > _KEPT_MOST:
            self._kept.popitem(last=False)
        return kept

    async def _made_ready(self, records: Sequence[MemoryRecord], *, whole: bool) -> Source:
        in_order = sorted(records, key=lambda one: (one.session_id, one.layer, one.document, one.position, one.time))
        # One thread for both: each change of threads is a wait while others work.
        return await to_thread.run_sync(_ready, in_order, whole, self._embedder)

    async def _beside(self, scope: Scope, records: Sequence[MemoryRecord]) -> list[MemoryRecord]:
        found: dict[RecordKey, MemoryRecord] = {}

        async def look(record: MemoryRecord) -> None:
            beside = await self._store.around(scope, record.key, _NEIGHBOURS, _NEIGHBOURS)
            found.update({one.key: one for one in beside})

        async with anyio.create_task_group() as looking:
            for record in records:
                if record.session_id or record.document:
                    looking.start_soon(look, record)
        return list(found.values())


def _ready(records: Sequence[MemoryRecord], whole: bool, embedder: Embedder) -> Source:
    vectors = embedder.embed_now([record.text for record in records]) if isinstance(embedder, StaticEmbedder) else None
    return Source(Pool(records), whole, vectors)
