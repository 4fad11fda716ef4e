"""What the embedded store keeps besides records, as plain rows that another store can take. Records go by `scan`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sanca.core.errors import StoreError
from sanca.memory.stores.moments import now
from sanca.memory.stores.portable import Kind, Row
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.store import SqliteStore
from sanca.memory.stores.sqlite.writing import RecordWriter

_READ: dict[Kind, str] = {
    "sessions": "SELECT used AS mark, session_id, tenant, user, title, created_at, updated_at,"
    " coalesce(deleted_at, '') AS deleted_at FROM sessions WHERE used > ? ORDER BY used LIMIT ?",
    "dropped": "SELECT d.rowid AS mark, s.tenant, s.user, s.layer, d.session_id, d.id, d.document, d.position,"
    " d.speaker, d.time, d.data, d.text FROM dropped d JOIN spaces s USING (space) WHERE d.rowid > ?"
    " ORDER BY d.rowid LIMIT ?",
    "files": "SELECT position AS mark, tenant, user, file_id, session_id, name, size_bytes, media_type, direction,"
    " path, created_at FROM files WHERE position > ? ORDER BY position LIMIT ?",
    "feedback": "SELECT rowid AS mark, tenant, user, run_id, thumb, comment, created_at FROM feedback WHERE rowid > ?"
    " ORDER BY rowid LIMIT ?",
}
_FILES = (
    "INSERT INTO files (tenant, user, file_id, session_id, name, size_bytes, media_type, direction, path, created_at)"
    " VALUES (:tenant, :user, :file_id, :session_id, :name, :size_bytes, :media_type, :direction, :path, :created_at)"
    " ON CONFLICT (file_id) DO NOTHING"
)
_FEEDBACK = (
    "INSERT OR REPLACE INTO feedback (tenant, user, run_id, thumb, comment, created_at)"
    " VALUES (:tenant, :user, :run_id, :thumb, :comment, :created_at)"
)
_SESSIONS = (
    "INSERT INTO sessions (session_id, tenant, user, title, created_at, updated_at, used, deleted_at) VALUES"
    " (:session_id, :tenant, :user, :title, :created_at, :updated_at,"
    " (SELECT coalesce(max(used), 0) + 1 FROM sessions), nullif(:deleted_at, '')) ON CONFLICT (session_id) DO UPDATE"
    " SET title = excluded.title, created_at = excluded.created_at, updated_at = excluded.updated_at,"
    " used = excluded.used, deleted_at = excluded.deleted_at WHERE tenant = excluded.tenant AND user = excluded.user"
)


class SqlitePortable:
    """The rows of an open `SqliteStore`."""

    def __init__(self, store: SqliteStore) -> None:
        self._database = store._database

    async def rows(self, kind: Kind, *, after: str = "", page: int = 500) -> AsyncIterator[tuple[list[Row], str]]:
        """Yield pages of rows in the order they were made or used, with the mark from which to go on."""
        mark = int(after or -1)
        while True:
            found = await self._database.read(
                lambda connection, mark=mark: rows(connection, _READ[kind], (mark, page))  # type: ignore[misc]  # a lambda's default has no type
            )
            if not found:
                return
            mark = found[-1]["mark"]
            yield [_row(one) for one in found], str(mark)

    async def put_rows(self, kind: Kind, given: Sequence[Row]) -> None:
        """Add or replace rows, in order; the same again changes nothing."""

        def work(connection: sqlite3.Connection) -> None:
            for row in given:
                _put(connection, kind, row)

        await self._database.write(work)


def _put(connection: sqlite3.Connection, kind: Kind, row: Row) -> None:
    if kind == "dropped":
        writer = RecordWriter(connection)
        kept: Any = row | {"data": json.dumps(row["data"], ensure_ascii=False)}
        writer.add_dropped(writer.space(row["tenant"], row["user"], row["layer"]), kept, now())
        return
    statement = {"sessions": _SESSIONS, "files": _FILES, "feedback": _FEEDBACK}[kind]
    changed = connection.execute(statement, row).rowcount
    if kind == "sessions" and not changed:
        raise StoreError(f"The session {row['session_id']!r} is another user's in the store it is to be moved to.")


def _row(row: sqlite3.Row) -> Row:
    made = {name: row[name] for name in row.keys() if name != "mark"}  # noqa: SIM118 - a Row iterates over values
    return made | {"data": json.loads(made["data"])} if "data" in made else made
