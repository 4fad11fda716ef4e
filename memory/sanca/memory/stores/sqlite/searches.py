"""The searches of the embedded store: by terms and by vectors, exact where few records are meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sanca.core.memory import Candidate, RecordFilter, Scope
from sanca.memory.stores.sqlite.blocks import Block
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database
from sanca.memory.stores.sqlite.filters import listed, visible_spaces, where
from sanca.memory.stores.sqlite.rows import COLUMNS, record_of

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

_MOMENT = "(SELECT m.moment FROM marks m WHERE m.space = r.space AND m.row = r.row)"


class RecordSearches:
    """What `SqliteStore` finds."""

    _database: Database

    async def lexical(
        self, scope: Scope, terms: Sequence[tuple[str, float]], which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records that have any of the terms, best first."""
        weights: dict[str, float] = {}
        for term, weight in terms:
            weights[term] = weights.get(term, 0.0) + weight

        def work(connection: sqlite3.Connection) -> list[Candidate]:
            block = Block(connection, _chosen(connection, scope, which))
            scored = zip(block.rows.tolist(), block.lexical(weights).tolist(), strict=True)
            return _best(connection, scope, [pair for pair in scored if pair[1] > 0], limit)

        return await self._database.read(work)

    async def nearest(
        self, scope: Scope, vector: Vectors, embedder: str, which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records whose vectors of this embedder are nearest, best first; vector: shape (dimensions,)."""

        def work(connection: sqlite3.Connection) -> list[Candidate]:
            block = Block(connection, _chosen(connection, scope, which))
            numbers, cosines = block.nearest(connection, vector, embedder)
            return _best(connection, scope, list(zip(numbers.tolist(), cosines.tolist(), strict=True)), limit)

        return await self._database.read(work)


def _chosen(connection: sqlite3.Connection, scope: Scope, which: RecordFilter) -> list[int]:
    chosen = where(which, moment=_MOMENT)
    chosen.add("r.space IN (SELECT value FROM json_each(?))", listed(visible_spaces(connection, scope, which)))
    return [row["row"] for row in rows(connection, f"SELECT r.row FROM records r WHERE {chosen}", chosen.values)]  # noqa: S608


def _best(connection: sqlite3.Connection, scope: Scope, scored: list[tuple[int, float]], limit: int) -> list[Candidate]:
    scored = sorted(scored, key=lambda pair: (-pair[1], -pair[0]))[:limit]
    found = rows(
        connection,
        f"SELECT {COLUMNS} FROM records r JOIN spaces s USING (space)"  # noqa: S608
        " WHERE r.row IN (SELECT value FROM json_each(?)) AND s.tenant = ? AND s.user IN (?, '')",
        (listed([number for number, _ in scored]), scope.tenant, scope.user),
    )
    records = {row["row"]: record_of(row) for row in found}
    return [Candidate.model_construct(record=records[n], score=score) for n, score in scored if n in records]
