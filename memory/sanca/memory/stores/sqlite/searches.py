"""The searches of the embedded store: exact where few records are meant, by index and signs where many are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sanca.core.memory import Candidate, MemoryRecord, RecordFilter, Scope
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database
from sanca.memory.stores.sqlite.filters import listed
from sanca.memory.stores.sqlite.rows import COLUMNS, record_of

if TYPE_CHECKING:
    from sanca.core.memory import Vectors
    from sanca.memory.stores.sqlite.blocks import Scored
    from sanca.memory.stores.sqlite.mirror import Mirror


class RecordSearches:
    """What `SqliteStore` finds."""

    _database: Database
    _mirror: Mirror | None = None

    async def lexical(
        self, scope: Scope, terms: Sequence[tuple[str, float]], which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records that have any of the terms, best first."""
        weights: dict[str, float] = {}
        for term, weight in terms:
            if term.isalnum():  # what is no term stands in no record; to the index it might be syntax
                weights[term] = weights.get(term, 0.0) + weight

        def work(connection: sqlite3.Connection) -> list[Candidate]:
            found = self._in_memory().lexical(connection, scope, weights, which, limit)
            return _best(connection, scope, found, which, limit)

        return await self._database.read(work)

    async def nearest(
        self, scope: Scope, vector: Vectors, embedder: str, which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records whose vectors of this embedder are nearest, best first; vector: shape (dimensions,)."""

        def work(connection: sqlite3.Connection) -> list[Candidate]:
            found = self._in_memory().nearest(connection, scope, vector, embedder, which, limit)
            return _best(connection, scope, found, which, limit)

        return await self._database.read(work)

    def _in_memory(self) -> Mirror:
        if self._mirror is None:  # two threads may make one each; the one that is kept is filled
            from sanca.memory.stores.sqlite.mirror import Mirror  # numpy is not loaded before something is looked for

            self._mirror = Mirror()
        return self._mirror


def _best(
    connection: sqlite3.Connection, scope: Scope, scored: Scored, which: RecordFilter, limit: int
) -> list[Candidate]:
    """Return the records of the best, those left out that the scope may not see, whatever led to them."""
    pairs = sorted(zip(*(column.tolist() for column in scored), strict=True), key=lambda pair: (-pair[1], -pair[0]))
    pairs = pairs[: max(limit, 0)]
    found = rows(
        connection,
        # CROSS: from the few to their records, never from the space to all that it has.
        f"SELECT {COLUMNS} FROM json_each(?) few CROSS JOIN records r ON r.row = few.value"  # noqa: S608
        " CROSS JOIN spaces s USING (space) WHERE s.tenant = ? AND s.user IN (?, '')",
        (listed([number for number, _ in pairs]), scope.tenant, scope.user),
    )
    records = {row["row"]: record_of(row) for row in found}
    return [
        Candidate.model_construct(record=records[n], score=score)
        for n, score in pairs
        if n in records and _fits(records[n], which)
    ]


def _fits(record: MemoryRecord, which: RecordFilter) -> bool:
    """Whether a filter's names leave a record in: in memory they are numbers, which two names might share."""
    speakers = {name.casefold() for name in which.speakers}
    return (
        (not which.session_ids or record.session_id in which.session_ids)
        and record.session_id not in which.not_session_ids
        and (not speakers or record.speaker.casefold() in speakers)
    )
