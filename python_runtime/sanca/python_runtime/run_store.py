"""Keeps run records in `runs.db`, beside the queue's own tables: who asked what, in which order, how it stands.

The one table is ours; the queue library never touches it. One connection, one writer, off the event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from sanca.core.errors import StoreError
from sanca.core.memory import Scope
from sanca.core.messages import Caller
from sanca.python_runtime.run_list import RunFilter, page_query
from sanca.python_runtime.run_record import RunRecord, RunStatus

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sanca_runs (
  run_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL,
  session_sequence INTEGER NOT NULL, status TEXT NOT NULL, record TEXT NOT NULL,
  channel TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL DEFAULT '',
  UNIQUE (session_id, session_sequence)
);
CREATE INDEX IF NOT EXISTS sanca_runs_by_status ON sanca_runs (status);
"""
_LISTED_BY = (
    "CREATE INDEX IF NOT EXISTS sanca_runs_by_change ON sanca_runs (tenant, user, updated_at DESC, run_id DESC)"
)
_LATER_COLUMNS = {
    "channel": "json_extract(record, '$.request.caller.channel')",
    "updated_at": "json_extract(record, '$.started_at')",
}
"""Columns that older files lack, and what a record of theirs says instead."""
_INSERT = """
INSERT INTO sanca_runs (run_id, session_id, tenant, user, session_sequence, status, record, channel, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LIVE = tuple(status.value for status in RunStatus if status.is_live)

T = TypeVar("T")


class RunStore:
    """The table of run records. Open before use; safe from many tasks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._one_at_a_time = anyio.CapacityLimiter(1)

    async def open(self) -> None:
        """Open the file and make the table."""
        await self._in_thread(self._open)

    async def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await anyio.to_thread.run_sync(connection.close, limiter=self._one_at_a_time)

    async def add(self, record: RunRecord) -> RunRecord:
        """Keep a new record and return it with its place in the session; an id that exists returns what exists."""
        return await self._in_thread(lambda: self._add(record))

    async def save(self, record: RunRecord) -> None:
        """Write a record that changed."""
        record.note_status()
        values = (record.status, record.model_dump_json(), record.updated_at, record.run_id)
        statement = "UPDATE sanca_runs SET status = ?, record = ?, updated_at = ? WHERE run_id = ?"
        await self._in_thread(lambda: self._execute(statement, *values))

    async def add_all(self, records: Sequence[RunRecord]) -> None:
        """Keep new records in one step."""
        await self._in_thread(lambda: self._add_all(records))

    async def get(self, run_id: str) -> RunRecord | None:
        """Return a record, or None."""
        found = await self._in_thread(lambda: self._select("WHERE run_id = ?", run_id))
        return found[0] if found else None

    async def of_session(self, caller: Caller, session_id: str) -> list[RunRecord]:
        """Return the session's records that are still shown, in order."""
        where = "WHERE session_id = ? AND tenant = ? AND user = ? ORDER BY session_sequence"
        found = await self._in_thread(lambda: self._select(where, session_id, caller.tenant, caller.user))
        return [record for record in found if not record.replaced]

    async def page(self, caller: Caller, wanted: RunFilter) -> tuple[list[RunRecord], int]:
        """Return some of a caller's records, the one that changed last first, and how many there are in all."""
        return await self._in_thread(lambda: self._page(caller, wanted))

    async def live(self, session_id: str | None = None) -> list[RunRecord]:
        """Return the records that may still change, in order; of one session or of all."""
        marks = ",".join("?" * len(_LIVE))
        if session_id is None:
            where, values = f"WHERE status IN ({marks}) ORDER BY session_id, session_sequence", _LIVE
        else:
            where = f"WHERE status IN ({marks}) AND session_id = ? ORDER BY session_sequence"
            values = (*_LIVE, session_id)
        return await self._in_thread(lambda: self._select(where, *values))

    async def forget_session(self, caller: Caller, session_id: str) -> None:
        """Leave out the session's runs."""
        where = "DELETE FROM sanca_runs WHERE session_id = ? AND tenant = ? AND user = ?"
        await self._in_thread(lambda: self._execute(where, session_id, caller.tenant, caller.user))

    async def of_user(self, scope: Scope) -> list[RunRecord]:
        """Return all records of a user, replaced ones too, oldest first."""
        where = "WHERE tenant = ? AND user = ? ORDER BY rowid"
        return await self._in_thread(lambda: self._select(where, scope.tenant, scope.user))

    async def forget_user(self, scope: Scope) -> None:
        """Forget all records of a user, and have the file's bytes forget them too."""
        await self._in_thread(lambda: self._forget_user(scope))

    # -- in the thread ------------------------------------------------------------------------------------------------

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._one_at_a_time)
        except sqlite3.Error as error:
            raise StoreError(f"The record of runs {str(self._path)!r} refused: {error}.") from error

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, not only let go
        self._connection.executescript(_SCHEMA)
        self._add_columns(self._connection)
        self._connection.execute(_LISTED_BY)

    @staticmethod
    def _add_columns(connection: sqlite3.Connection) -> None:
        there = {row[1] for row in connection.execute("PRAGMA table_info(sanca_runs)")}
        for name, value in _LATER_COLUMNS.items():
            if name not in there:
                connection.execute(f"ALTER TABLE sanca_runs ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
                connection.execute(f"UPDATE sanca_runs SET {name} = COALESCE({value}, '')")  # noqa: S608 - our own text

    def _forget_user(self, scope: Scope) -> None:
        self._execute("DELETE FROM sanca_runs WHERE tenant = ? AND user = ?", scope.tenant, scope.user)
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        self._connection.execute("VACUUM")  # records that grew moved, and left what they were behind
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _execute(self, statement: str, *values: object) -> None:
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        self._connection.execute(statement, values)

    def _select(self, where: str, *values: object) -> list[RunRecord]:
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        rows = self._connection.execute(f"SELECT record FROM sanca_runs {where}", values)  # noqa: S608 - our own text
        return [RunRecord.model_validate_json(row[0]) for row in rows]

    def _page(self, caller: Caller, wanted: RunFilter) -> tuple[list[RunRecord], int]:
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        counted, values = page_query(caller, wanted, with_place=False)
        (total,) = self._connection.execute(f"SELECT COUNT(*) FROM sanca_runs {counted}", values).fetchone()  # noqa: S608 - our own text
        where, values = page_query(caller, wanted, with_place=True)
        where += " ORDER BY updated_at DESC, run_id DESC LIMIT ?"
        return self._select(where, *values, wanted.limit), total

    def _add_all(self, records: Sequence[RunRecord]) -> None:
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for record in records:
                record.note_status()
                record.session_sequence = self._add(record).session_sequence
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _add(self, record: RunRecord) -> RunRecord:
        if existing := self._select("WHERE run_id = ?", record.run_id):
            return existing[0]
        assert self._connection is not None, "open() first"  # noqa: S101 - a programming error, not a user's
        query = "SELECT COALESCE(MAX(session_sequence), 0) + 1 FROM sanca_runs WHERE session_id = ?"
        (sequence,) = self._connection.execute(query, (record.session_id,)).fetchone()
        record = record.model_copy(update={"session_sequence": sequence})
        record.note_status()
        caller = record.request.caller
        self._execute(
            _INSERT,
            *(record.run_id, record.session_id, caller.tenant, caller.user, sequence, record.status),
            *(record.model_dump_json(), caller.channel, record.updated_at),
        )
        return record
