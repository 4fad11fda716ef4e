"""Looks after a memory file: is it whole, and what can still be read of a damaged one. Blocks; no engine is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sanca.core.errors import StoreError
from sanca.memory.stores.moments import moment_of
from sanca.memory.stores.sqlite.connection import connect, rows
from sanca.memory.stores.sqlite.database import migrate
from sanca.memory.stores.sqlite.rows import name_number, signs_of, speaker_number
from sanca.memory.stores.sqlite.schema import MIGRATIONS
from sanca.memory.stores.sqlite.writing import NO_EMBEDDER, spaced

_FINDINGS_MOST = 20
_MISSED_MOST = 20_000
"""Between the last row read from the front and from the back each is asked for, until so many in turn are not there."""
_TABLES = {
    1: ("sessions", "messages", "feedback", "files"),
    3: ("sessions", "feedback", "files", "spaces", "embedders", "records", "vectors", "dropped"),
}
_DISAGREEMENTS = {
    "records without their marks": "SELECT count(*) FROM records r LEFT JOIN marks m ON m.space = r.space AND m.row ="
    " r.row WHERE m.row IS NULL",
    "marks of no record": "SELECT count(*) FROM marks m LEFT JOIN records r USING (row) WHERE r.row IS NULL",
    "vectors of no record": "SELECT count(*) FROM vectors v LEFT JOIN records r USING (row) WHERE r.row IS NULL",
    "marks that promise a vector that is not there": "SELECT count(*) FROM marks m LEFT JOIN vectors v ON v.row = m.row"
    " AND v.embedder = m.embedder WHERE m.embedder <> 0 AND v.row IS NULL",
}


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    records: int
    sessions: int
    findings: tuple[str, ...]
    """What is wrong, one sentence each; empty: the file is whole."""


@dataclass(frozen=True)
class Salvaged:
    """What was saved of a damaged file."""

    rows: dict[str, int]
    """How many rows of each table."""
    lost_tables: tuple[str, ...]
    """Tables of which a part could not be read."""
    strays: int
    """Records whose owner could not be read; they are not in the new file."""


def check(path: Path, *, key: str = "") -> Checked:
    """Return whether a memory file is whole: every page, and records, terms and vectors agreeing.

    Raises:
        StoreError: It is not there, or nothing of it can be read.
    """
    with closing(_opened(path, key)) as connection:
        version = _version(connection, path)
        try:
            found = [f"{row[0]}." for row in rows(connection, f"PRAGMA integrity_check({_FINDINGS_MOST})")]
            if found == ["ok."]:
                found = _disagreements(connection) if version >= 3 else []
            counted = "records" if version >= 3 else "messages"
            return Checked(_count(connection, counted), _count(connection, "sessions"), tuple(found))
        except sqlite3.DatabaseError as error:
            return Checked(0, 0, (f"{error}.",))


def salvage(path: Path, target: Path, *, key: str = "") -> Salvaged:
    """Copy what can be read of a damaged file into a new one; the damaged one is left as it is.

    Raises:
        StoreError: The new file is there already, or nothing of the damaged one can be read.
    """
    if target.exists():
        raise StoreError(f"{target.name!r} is there already; name a file that is not.")
    with closing(_opened(path, key)) as source:
        version = _version(source, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(connect(target, key=key)) as new:
            target.chmod(0o600)
            migrate(new, MIGRATIONS[:version], target.name)
            return _copied(source, new, _TABLES[1 if version == 1 else 3])


def _opened(path: Path, key: str) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(f"There is no memory database {path.name!r} in {str(path.parent)!r}.")
    try:
        return connect(path, for_reading=True, key=key)
    except sqlite3.DatabaseError as error:
        if key:
            raise StoreError(_nothing(path, error)) from error
    # One that was cut off: SQLite reads what is there only for those who would mend its schema.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    try:
        version = int(rows(connection, "PRAGMA user_version")[0][0])
    except sqlite3.DatabaseError as error:
        raise StoreError(_nothing(path, error)) from error
    if not 1 <= version <= len(MIGRATIONS):
        raise StoreError(
            f"{path.name!r} has schema {version}, this version knows 1 to {len(MIGRATIONS)};"
            " use the sanca that wrote it."
        )
    return version


def _nothing(path: Path, error: sqlite3.Error) -> str:
    return f"Nothing can be read of {path.name!r} ({error}); restore it from a backup, or move it away to begin anew."


def _disagreements(connection: sqlite3.Connection) -> list[str]:
    counts = {name: rows(connection, statement)[0][0] for name, statement in _DISAGREEMENTS.items()}
    counts["records that their own terms do not find"] = sum(not found for found in _found_by_terms(connection))
    return [f"There are {count} {name}." for name, count in counts.items() if count]


def _found_by_terms(connection: sqlite3.Connection) -> Iterator[bool]:
    """Yield for each record that has terms whether the index leads from its first and last one to it."""
    with closing(connection.execute("SELECT row, space, terms FROM records WHERE terms <> ''")) as cursor:
        for row in cursor:
            terms = row["terms"].split(" ")
            asked = " AND ".join(f'"{row["space"]}_{term}"' for term in {terms[0], terms[-1]})
            yield bool(rows(connection, "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?", (asked, row["row"])))


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(rows(connection, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608


def _copied(source: sqlite3.Connection, new: sqlite3.Connection, tables: tuple[str, ...]) -> Salvaged:
    counts, lost = {}, []
    new.execute("PRAGMA foreign_keys = OFF")
    new.execute("BEGIN IMMEDIATE")
    for table in tables:
        reader = _Rows(source, new, table)
        names = reader.names
        insert = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        for row in reader:
            try:
                new.execute(insert, row)
            except sqlite3.IntegrityError:  # half a row, from a page that was cut off or overwritten
                reader.is_damaged = True
        counts[table] = _count(new, table)
        if reader.is_damaged:
            lost.append(table)
    strays = 0
    if "records" in tables:
        strays = new.execute("DELETE FROM records WHERE space NOT IN (SELECT space FROM spaces)").rowcount
        counts["records"] -= strays
        new.execute("DELETE FROM vectors WHERE row NOT IN (SELECT row FROM records)")
        _index_anew(new)
    new.execute("COMMIT")
    return Salvaged(counts, tuple(lost), strays)


def _index_anew(connection: sqlite3.Connection) -> None:
    """Make terms and marks out of records and vectors."""
    joined = "SELECT r.*, v.embedder, v.vector FROM records r LEFT JOIN vectors v USING (row) ORDER BY r.row"
    with closing(connection.execute(joined)) as cursor:
        for row in cursor:
            space, terms = row["space"], row["terms"]
            if terms:
                connection.execute("INSERT INTO words (rowid, terms) VALUES (?, ?)", (row["row"], spaced(space, terms)))
            connection.execute(
                "INSERT INTO marks (space, row, session, speaker, moment, length, embedder, signs)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    space, row["row"], name_number(row["session_id"]), speaker_number(row["speaker"]),
                    moment_of(row["time"]), len(terms.split()), row["embedder"] or NO_EMBEDDER,
                    signs_of(row["vector"]) if row["vector"] is not None else None,
                ),
            )  # fmt: skip


class _Rows:
    """The rows of a table that can be read: from the front, from the back, and one by one between."""

    def __init__(self, source: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
        self._source = source
        self._table = table
        self.names = [row["name"] for row in rows(new, f"PRAGMA table_info({table})")]
        self._select = f"SELECT rowid, {', '.join(self.names)} FROM {table} NOT INDEXED"  # noqa: S608
        self._first, self._last = 0, 2**62
        self.is_damaged = False

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        """Yield each row once."""
        for number, row in self._walk("ASC"):
            self._first = number
            yield row
        if not self.is_damaged:
            return
        for number, row in self._walk("DESC"):
            self._last = number
            yield row
        missed = 0
        for number in range(self._first + 1, self._last):
            found = self._one(number)
            yield from found
            missed = 0 if found else missed + 1
            if missed > _MISSED_MOST:
                return

    def _walk(self, order: str) -> Iterator[tuple[int, tuple[object, ...]]]:
        try:
            with closing(
                self._source.execute(f"{self._select} WHERE rowid > ? ORDER BY rowid {order}", (self._first,))
            ) as cursor:
                for row in cursor:
                    number, *values = tuple(row)
                    yield number, tuple(values)
        except sqlite3.DatabaseError:
            self.is_damaged = True

    def _one(self, number: int) -> list[tuple[object, ...]]:
        try:
            return [tuple(row)[1:] for row in rows(self._source, f"{self._select} WHERE rowid = ?", (number,))]
        except sqlite3.DatabaseError:  # on a damaged page; `is_damaged` tells that rows are lost
            return []
