"""One SQLite database in WAL mode behind anyio: the only module of this room that blocks. Knows no table of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from sanca.core.errors import StoreError, StoreUnavailableError

Value = TypeVar("Value")
Work = Callable[[sqlite3.Connection], Value]

_WAITING_HELPS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Database:
    """A writer and a reader connection to one file; each serves one thread at a time.

    Lifecycle: `open` once, `close` once after the last call; `read` and `write` from many tasks at once. A cancelled
    task waits until its transaction has ended, so none is left half done.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, busy_timeout_seconds: float = 5.0) -> None:
        self._path = path
        self._migrations = tuple(migrations)
        self._timeout = busy_timeout_seconds
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._writing = CapacityLimiter(1)
        self._reading = CapacityLimiter(1)

    async def open(self) -> None:
        """Open both connections and bring the schema up to date (`PRAGMA user_version` counts the migrations run)."""
        if self._writer is None:
            await to_thread.run_sync(self._open, limiter=self._writing)

    async def close(self) -> None:
        """Close both connections; may be called twice."""
        await to_thread.run_sync(self._close, limiter=self._writing)

    async def write(self, work: Work[Value]) -> Value:
        """Run `work` in one transaction on the writer connection."""
        return await to_thread.run_sync(self._transact, work, limiter=self._writing)

    async def read(self, work: Work[Value]) -> Value:
        """Run `work` on the reader connection, which cannot write."""
        return await to_thread.run_sync(self._query, work, limiter=self._reading)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._writer = self._connect()
            self._path.chmod(0o600)
            self._migrate(self._writer)
            self._reader = self._connect()
            self._reader.execute("PRAGMA query_only = ON")
        except (OSError, sqlite3.Error) as error:
            self._close()
            raise StoreError(f"The memory database {self._path.name!r} cannot be opened ({error}).") from error
        except StoreError:
            self._close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        # Taken before the version is read: two engines that open a new file at once must not both migrate it.
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(self._migrations):
                raise StoreError(
                    f"The memory database {self._path.name!r} has schema {version}, this version knows up to "
                    f"{len(self._migrations)}; use the newer sanca that wrote it."
                )
            for script in self._migrations[version:]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    def _transact(self, work: Work[Value]) -> Value:
        connection = self._alive(self._writer)
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                value = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _translated(error) from error
        return value

    def _query(self, work: Work[Value]) -> Value:
        try:
            return work(self._alive(self._reader))
        except sqlite3.Error as error:
            raise _translated(error) from error

    def _alive(self, connection: sqlite3.Connection | None) -> sqlite3.Connection:
        if connection is None:
            raise StoreError("The memory store is not open.")
        return connection


def rows(connection: sqlite3.Connection, statement: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
    """Return all rows of a query, its cursor closed."""
    with closing(connection.execute(statement, tuple(parameters))) as cursor:
        return cursor.fetchall()


def _translated(error: sqlite3.Error) -> StoreError:
    if getattr(error, "sqlite_errorcode", None) in _WAITING_HELPS:
        return StoreUnavailableError("The memory store is busy; another process holds it. Try again in a moment.")
    return StoreError(f"The memory store refused: {error}.")
