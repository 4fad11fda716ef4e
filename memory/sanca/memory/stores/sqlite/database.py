"""One SQLite database in WAL mode behind anyio: the only module of this room that blocks. Knows no table of its own."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from anyio import CapacityLimiter, Lock, to_thread
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.memory.stores.sqlite.connection import connect, translated

Value = TypeVar("Value")
Work = Callable[[sqlite3.Connection], Value]
Migration = str | Callable[[sqlite3.Connection], None]
"""Statements parted by semicolons, or a function that runs its own; either way within one transaction."""

READERS = 4
_MOST_A_COMMIT = 64


@dataclass
class _Ticket(Generic[Value]):
    """A write that waits for its turn, and what became of it."""

    work: Work[Value]
    is_withdrawn: bool = False
    is_done: bool = False
    value: Value | None = None
    error: Exception | None = None


class Database:
    """A writer and a few reader connections to one file; each serves one thread at a time.

    Writes that wait while another commits share the next commit: each is all or nothing by itself, and one flush to
    the disk serves them all.

    Lifecycle: `open` once, `close` once after the last call; `read` and `write` from many tasks at once. A cancelled
    task waits until its transaction has ended, so none is left half done.
    """

    def __init__(
        self, path: Path, migrations: Sequence[Migration], *, busy_timeout_seconds: float = 5.0, key: str = ""
    ) -> None:
        self.path = path
        self._key = key
        self._migrations = tuple(migrations)
        self._timeout = busy_timeout_seconds
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._waiting: deque[_Ticket[Any]] = deque()
        self._turn = Lock()
        self._writing = CapacityLimiter(1)
        self._reading = CapacityLimiter(READERS)
        self._is_open = False

    async def open(self) -> None:
        """Open it and bring the schema up to date (`PRAGMA user_version` counts the migrations run)."""
        if not self._is_open:
            await to_thread.run_sync(self._open, limiter=self._writing)

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        await to_thread.run_sync(self._close, limiter=self._writing)

    async def write(self, work: Work[Value]) -> Value:
        """Run `work` on the writer connection, all or nothing; it is on the disk when this returns."""
        ticket = _Ticket(work)
        self._waiting.append(ticket)
        try:
            async with self._turn:
                if not ticket.is_done:  # else it went along with the commit of another
                    await to_thread.run_sync(self._serve_waiting, limiter=self._writing)
        finally:
            ticket.is_withdrawn = True
        if ticket.error is not None:
            raise ticket.error
        return cast("Value", ticket.value)

    async def read(self, work: Work[Value]) -> Value:
        """Run `work` in one snapshot on a reader connection, which cannot write."""
        return await to_thread.run_sync(self._query, work, limiter=self._reading)

    async def scrub(self, before: Sequence[str] = ()) -> None:
        """Rewrite the file so that none of its bytes tells what was deleted.

        Args:
            before: Statements that make deleted things free pages, run first.

        Raises:
            StoreUnavailableError: Another process holds it; nothing was rewritten.
        """
        async with self._turn:
            await to_thread.run_sync(self._scrub, before, limiter=self._writing)

    def _scrub(self, before: Sequence[str]) -> None:
        if self._writer is None:
            raise StoreError("The memory store is not open.")
        try:
            for statement in (*before, "VACUUM"):
                self._writer.execute(statement)
            is_busy, *_ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise translated(error, self.path.name) from error
        if is_busy:
            raise StoreUnavailableError(
                f"What was deleted from {self.path.name!r} is still in the journal beside it, for another process "
                "reads it; it goes when that has ended."
            )

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._writer = connect(self.path, timeout_seconds=self._timeout, key=self._key)
            self.path.chmod(0o600)
            migrate(self._writer, self._migrations, self.path.name)
            self._is_open = True
        except OSError as error:
            self._close()
            mend = "; give it and its folder write rights" if isinstance(error, PermissionError) else ""
            raise StoreError(f"The memory database {self.path.name!r} cannot be opened ({error}){mend}.") from error
        except sqlite3.Error as error:
            self._close()
            raise self._cannot_open(error) from error
        except StoreError:
            self._close()
            raise

    def _cannot_open(self, error: sqlite3.Error) -> StoreError:
        meant = translated(error, self.path.name)
        return type(meant)(f"The memory database {self.path.name!r} cannot be opened: {meant}")

    def _close(self) -> None:
        for connection in (*self._readers, self._writer):
            if connection is not None:
                connection.close()
        self._readers, self._writer, self._is_open = [], None, False

    def _serve_waiting(self) -> None:
        """Commit what waits, up to a bound; whoever is behind it is served by the next."""
        tickets: list[_Ticket[Any]] = []
        while self._waiting and len(tickets) < _MOST_A_COMMIT:
            ticket = self._waiting.popleft()
            if not ticket.is_withdrawn:
                tickets.append(ticket)
        try:
            self._commit_together(tickets)
        except Exception as error:
            meant = translated(error, self.path.name) if isinstance(error, sqlite3.Error) else error
            for ticket in tickets:
                ticket.error = ticket.error or meant
        for ticket in tickets:
            ticket.is_done = True

    def _commit_together(self, tickets: list[_Ticket[Any]]) -> None:
        if self._writer is None:
            raise StoreError("The memory store is not open.")
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        try:
            if len(tickets) == 1:  # nobody else's work has to outlive its failure: no savepoint, which costs a flush
                tickets[0].value = tickets[0].work(connection)
            else:
                for ticket in tickets:
                    self._work(connection, ticket)
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise

    def _work(self, connection: sqlite3.Connection, ticket: _Ticket[Any]) -> None:
        connection.execute("SAVEPOINT one")
        try:
            ticket.value = ticket.work(connection)
        except Exception as error:
            ticket.error = translated(error, self.path.name) if isinstance(error, sqlite3.Error) else error
            if not connection.in_transaction:  # a full disk ends the whole transaction
                raise
            connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")

    def _query(self, work: Work[Value]) -> Value:
        if not self._is_open:
            raise StoreError("The memory store is not open.")
        try:
            connection = self._reader()
            try:
                connection.execute("BEGIN")
                return work(connection)
            finally:
                _roll_back(connection)
                self._readers.append(connection)
        except sqlite3.Error as error:
            raise translated(error, self.path.name) from error

    def _reader(self) -> sqlite3.Connection:
        """Take a reader that nobody uses; the limiter sees that there are never more than `READERS`."""
        try:
            return self._readers.pop()
        except IndexError:
            return connect(self.path, timeout_seconds=self._timeout, for_reading=True, key=self._key)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration], file_name: str) -> None:
    """Bring a file up to date, all or nothing.

    Raises:
        StoreError: A newer version wrote it.
    """
    # Taken before the version is read: two engines that open a new file at once must not both migrate it.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(migrations):
            raise StoreError(
                f"The memory database {file_name!r} has schema {version}, this version knows up to "
                f"{len(migrations)}; use the newer sanca that wrote it."
            )
        for migration in migrations[version:]:
            _run(connection, migration)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _run(connection: sqlite3.Connection, migration: Migration) -> None:
    if callable(migration):
        migration(connection)
        return
    for statement in migration.split(";"):
        connection.execute(statement)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
