"""The record side of the embedded store but its searches: put, get, delete, scan, neighbours, vectors to come."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from anyio import to_thread
from sanca.core.errors import StoreError
from sanca.core.memory import Layer, MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database
from sanca.memory.stores.sqlite.filters import Where, listed, own_spaces, visible_spaces, where
from sanca.memory.stores.sqlite.rows import COLUMNS, prepared, record_of, stored_vectors
from sanca.memory.stores.sqlite.writing import NO_EMBEDDER, RecordWriter

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

_FROM = "FROM records r JOIN spaces s USING (space)"
_MOMENT = "(SELECT m.moment FROM marks m WHERE m.space = r.space AND m.row = r.row)"
_SHORT_CHARS = 20_000
"""Records of less text than this together are made ready on the spot; a thread costs more."""


class RecordRows:
    """What `SqliteStore` does with records."""

    _database: Database

    async def put(self, records: Sequence[MemoryRecord], vectors: Vectors | None = None, embedder: str = "") -> None:
        """Add or replace records, all or none.

        Raises:
            RecordConflictError: A record was changed by another since it was read; nothing was kept.
            StoreError: A record cannot be kept; says which and why.
        """
        if not records:
            return
        if vectors is not None and not embedder:
            raise StoreError("Vectors need the name of their embedder; pass `embedder`.")
        if sum(len(record.text) for record in records) < _SHORT_CHARS:
            new = prepared(records, vectors)
        else:
            new = await to_thread.run_sync(prepared, records, vectors)

        def work(connection: sqlite3.Connection) -> None:
            writer = RecordWriter(connection)
            number = NO_EMBEDDER if vectors is None else writer.embedder(embedder, vectors.shape[1])
            for record in new:
                writer.put(record, number)

        await self._database.write(work)

    async def get(self, scope: Scope, keys: Sequence[RecordKey]) -> list[MemoryRecord]:
        """Return those records that there are, in the order of the keys."""

        def work(connection: sqlite3.Connection) -> list[MemoryRecord]:
            found = (_row(connection, scope, key) for key in keys)
            return [record_of(row) for row in found if row is not None]

        return await self._database.read(work)

    async def delete(self, scope: Scope, which: RecordFilter) -> int:
        """Forget the scope's own records that the filter leaves in, dropped ones too; return how many there were."""
        chosen = where(which, moment=_MOMENT)
        dropped = where(which, moment="moment_of(r.time)")

        def work(connection: sqlite3.Connection) -> int:
            writer, count = RecordWriter(connection), 0
            for space in own_spaces(connection, scope, which):
                found = rows(
                    connection,
                    f"SELECT r.row, r.session_id, r.terms FROM records r WHERE r.space = ? AND {chosen}",  # noqa: S608
                    (space, *chosen.values),
                )
                writer.delete(space, found)
                connection.execute(
                    f"DELETE FROM dropped AS r WHERE r.space = ? AND {dropped}",  # noqa: S608
                    (space, *dropped.values),
                )
                count += len(found)
            return count

        return await self._database.write(work)

    async def scan(
        self, scope: Scope | None, which: RecordFilter, *, newest_first: bool = False, after: str = "", page: int = 500
    ) -> AsyncIterator[tuple[list[MemoryRecord], str]]:
        """Yield pages of records with the mark from which another scan goes on, in the order they were first kept."""
        mark = _mark(after)
        while True:
            found = await self._database.read(
                lambda connection, mark=mark: _page(connection, scope, which, newest_first, mark, page)  # type: ignore[misc]  # a lambda's default has no type
            )
            if not found:
                return
            mark = found[-1]["row"]
            yield [record_of(row) for row in found], str(mark)
            if len(found) < page:
                return

    async def count(self, scope: Scope, which: RecordFilter) -> dict[Layer, int]:
        """Return how many records of each layer the filter leaves in; a layer without any is not in it."""
        chosen = where(which, moment=_MOMENT)

        def work(connection: sqlite3.Connection) -> dict[Layer, int]:
            spaces = listed(visible_spaces(connection, scope, which))
            found = rows(
                connection,
                f"SELECT s.layer, count(*) AS records {_FROM}"  # noqa: S608
                f" WHERE r.space IN (SELECT value FROM json_each(?)) AND {chosen} GROUP BY s.layer",
                (spaces, *chosen.values),
            )
            return {row["layer"]: row["records"] for row in found}

        return await self._database.read(work)

    async def around(self, scope: Scope, key: RecordKey, before: int, after: int) -> list[MemoryRecord]:
        """Return the records that stand beside one in its session or document, itself among them, by position."""

        def work(connection: sqlite3.Connection) -> list[MemoryRecord]:
            middle = _row(connection, scope, key)
            if middle is None:
                return []
            earlier = _beside(connection, middle, "<", "DESC", before)
            later = _beside(connection, middle, ">", "ASC", after)
            return [record_of(row) for row in (*reversed(earlier), middle, *later)]

        return await self._database.read(work)

    async def without_vectors(self, embedder: str, limit: int) -> list[MemoryRecord]:
        """Return records of any tenant that have no vector of this embedder, or whose text was edited since."""

        def work(connection: sqlite3.Connection) -> list[MemoryRecord]:
            known = rows(connection, "SELECT embedder FROM embedders WHERE name = ?", (embedder,))
            number = known[0][0] if known else -1
            found: list[sqlite3.Row] = []
            for condition in ("m.embedder < ?", "m.embedder > ?"):  # each walks its end of the index
                found += rows(
                    connection,
                    f"SELECT {COLUMNS} FROM marks m INDEXED BY marks_by_embedder JOIN records r USING (row)"  # noqa: S608
                    f" JOIN spaces s ON s.space = r.space WHERE {condition} LIMIT ?",
                    (number, limit),
                )
            return [record_of(row) for row in islice(found, limit)]

        return await self._database.read(work)

    async def set_vectors(self, records: Sequence[MemoryRecord], vectors: Vectors, embedder: str) -> None:
        """Give records their vectors; those that changed or went meanwhile are left out."""
        stored = stored_vectors(vectors)

        def work(connection: sqlite3.Connection) -> None:
            writer = RecordWriter(connection)
            number = writer.embedder(embedder, vectors.shape[1])
            for record, vector in zip(records, stored, strict=True):
                row = _row(connection, Scope(tenant=record.tenant, user=record.user), record.key)
                if row is not None and (row["text"], row["title"]) == (record.text, record.title):
                    space = writer.space(record.tenant, record.user, record.layer)
                    writer.set_vector(row["row"], space, record.session_id, vector, number)

        await self._database.write(work)


def _row(connection: sqlite3.Connection, scope: Scope, key: RecordKey) -> sqlite3.Row | None:
    if key.user not in (scope.user, ""):
        return None
    found = rows(
        connection,
        f"SELECT {COLUMNS}, r.space {_FROM}"
        " WHERE s.tenant = ? AND s.user = ? AND s.layer = ? AND r.session_id = ? AND r.id = ?",
        (scope.tenant, key.user, key.layer, key.session_id, key.id),
    )
    return found[0] if found else None


def _beside(
    connection: sqlite3.Connection, middle: sqlite3.Row, side: str, order: str, limit: int
) -> list[sqlite3.Row]:
    """Return what stands on one side of a record: in its document where it has one, else in its session."""
    place = Where()
    place.add("r.space = ?", middle["space"])
    if middle["document"]:
        place.add("r.document = ?", middle["document"])
    if middle["session_id"] or not middle["document"]:
        place.add("r.session_id = ?", middle["session_id"])
    if not (middle["session_id"] or middle["document"]):
        return []
    place.add(f"(r.position, r.row) {side} (?, ?)", middle["position"], middle["row"])
    return rows(
        connection,
        f"SELECT {COLUMNS} {_FROM} WHERE {place} ORDER BY r.position {order}, r.row {order} LIMIT ?",
        (*place.values, max(limit, 0)),
    )


def _page(
    connection: sqlite3.Connection, scope: Scope | None, which: RecordFilter, newest_first: bool, mark: int, page: int
) -> list[sqlite3.Row]:
    order = "DESC" if newest_first else "ASC"
    if scope is None or which.session_ids or which.documents or which.ids:
        return _page_by_filter(connection, scope, which, order, mark, page)
    chosen = where(which, moment="m.moment")
    chosen.add("m.space = s.space")
    if mark:
        chosen.add("m.row < ?" if newest_first else "m.row > ?", mark)
    # Space by space along the marks, which lie in this order and hold the times: no record is read in vain.
    found = [
        row
        for space in visible_spaces(connection, scope, which)
        for row in rows(
            connection,
            f"SELECT {COLUMNS} FROM spaces s CROSS JOIN marks m CROSS JOIN records r ON r.row = m.row"  # noqa: S608
            f" WHERE s.space = ? AND {chosen} ORDER BY m.row {order} LIMIT ?",
            (space, *chosen.values, page),
        )
    ]
    return sorted(found, key=lambda row: row["row"], reverse=newest_first)[:page]


def _page_by_filter(
    connection: sqlite3.Connection, scope: Scope | None, which: RecordFilter, order: str, mark: int, page: int
) -> list[sqlite3.Row]:
    chosen = where(which, moment=_MOMENT)
    if scope is not None:
        chosen.add("r.space IN (SELECT value FROM json_each(?))", listed(visible_spaces(connection, scope, which)))
    elif which.layers:
        chosen.add("s.layer IN (SELECT value FROM json_each(?))", listed(which.layers))
    if mark:
        chosen.add("r.row < ?" if order == "DESC" else "r.row > ?", mark)
    # The plus keeps a filtered scan on the index of its filter; without one the rows' own order is the way.
    row = "+r.row" if which.session_ids or which.documents or which.ids else "r.row"
    return rows(
        connection,
        f"SELECT {COLUMNS} FROM records r CROSS JOIN spaces s USING (space)"  # noqa: S608
        f" WHERE {chosen} ORDER BY {row} {order} LIMIT ?",
        (*chosen.values, page),
    )


def _mark(after: str) -> int:
    if after and not after.isdecimal():
        raise StoreError(f"{after!r} is no mark of a scan; pass one that a scan gave, or none.")
    return int(after or 0)
