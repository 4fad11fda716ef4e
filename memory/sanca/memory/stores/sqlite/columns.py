"""One space's marks in memory, a column each: what searches over many records look at. Holds no text and no vector.

63 bytes a record of 256 dimensions. Read once, then kept up with the file by its table of changes, whoever wrote them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.filters import listed
from sanca.memory.stores.sqlite.writing import WHOLE_SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NO_MOMENT = np.iinfo(np.int64).min
_PAGE = 20_000
_READ_ANEW = 20_000
_KINDS = {"rows": np.int64, "sessions": np.int64, "speakers": np.uint32, "moments": np.int64, "lengths": np.uint16}
_SELECT = "SELECT row, session, speaker, moment, min(length, 65535){} FROM marks WHERE space = ?"


@dataclass(frozen=True)
class View:
    """The columns as they are at one moment; index i of each is the same record."""

    space: int
    records: int
    """How many there are, without those that were forgotten since the columns were read."""
    terms: int
    """How many terms they have together."""
    rows: NDArray[np.int64]
    sessions: NDArray[np.int64]
    speakers: NDArray[np.uint32]
    moments: NDArray[np.int64]
    lengths: NDArray[np.uint16]
    signs: NDArray[np.uint64]
    """The signs of the vectors, shape (words of 64 dimensions, records)."""
    has_signs: NDArray[np.bool_]

    def places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where rows are; those that are not here are left out."""
        if not len(self.rows):
            return np.zeros(0, np.int64)
        if self.rows[-1] - self.rows[0] == len(self.rows) - 1:  # none is missing between: no need to search
            near: NDArray[np.int64] = numbers[(numbers >= self.rows[0]) & (numbers <= self.rows[-1])] - self.rows[0]
            return near
        found: NDArray[np.int64] = np.minimum(np.searchsorted(self.rows, numbers), len(self.rows) - 1)
        here: NDArray[np.int64] = found[self.rows[found] == numbers]
        return here


class Columns:
    """The marks of one space; used from many threads at once."""

    def __init__(self, space: int) -> None:
        self._space = space
        self._lock = Lock()
        self._mark = -1
        self._embedder = -1
        self._forget_all(0)

    @property
    def bytes_held(self) -> int:
        """How much memory it takes."""
        return sum(column.nbytes for column in self._columns.values()) + self._signs.nbytes + self._has_signs.nbytes

    def view(self, connection: sqlite3.Connection, embedder: int = -1, dimensions: int = 0) -> View:
        """Bring the columns up to what the connection sees, and return them.

        Args:
            connection: In a transaction for reading.
            embedder: Whose vectors' signs are wanted as well; -1: none.
            dimensions: How long those vectors are.
        """
        with self._lock:
            self._keep_up(connection)
            if embedder not in (-1, self._embedder):
                self._read_signs(connection, embedder, dimensions)
            count = self._count
            columns = {name: column[:count] for name, column in self._columns.items()}
            has_signs = self._has_signs[:count]
            return View(
                self._space,
                count - self._gone,
                self._terms,
                signs=self._signs[:, :count],
                has_signs=has_signs,
                **columns,
            )

    def _forget_all(self, capacity: int, words: int = 0) -> None:
        self._count = self._gone = self._terms = 0
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros(capacity, kind) for name, kind in _KINDS.items()}
        self._signs: NDArray[np.uint64] = np.zeros((words, capacity), np.uint64)
        self._has_signs: NDArray[np.bool_] = np.zeros(capacity, np.bool_)

    def _keep_up(self, connection: sqlite3.Connection) -> None:
        newest, oldest = changes_kept(connection)
        if self._mark >= newest:
            return
        changed: list[int] | None = None
        if self._mark >= oldest - 1 and self._mark >= 0:
            found = rows(
                connection,
                "SELECT DISTINCT row FROM changes WHERE change > ? AND space = ? LIMIT ?",
                (self._mark, self._space, _READ_ANEW),
            )
            changed = sorted(row["row"] for row in found)
        if changed is None or WHOLE_SPACE in changed or len(changed) == _READ_ANEW:
            self._read_all(connection)
        elif changed:
            self._read_changed(connection, changed)
        self._terms = int(self._columns["lengths"][: self._count].sum())
        self._mark = newest

    @property
    def _select(self) -> str:
        return _SELECT.format(", embedder, signs" if len(self._signs) else "")

    def _read_all(self, connection: sqlite3.Connection) -> None:
        count = rows(connection, "SELECT count(*) FROM marks WHERE space = ?", (self._space,))[0][0]
        self._forget_all(_roomy(count), len(self._signs))
        for page in _pages(connection, f"{self._select} ORDER BY row", (self._space,)):
            self._append(page)

    def _read_changed(self, connection: sqlite3.Connection, changed: list[int]) -> None:
        chosen = f"{self._select} AND row IN (SELECT value FROM json_each(?)) ORDER BY row"  # noqa: S608
        last = int(self._columns["rows"][self._count - 1]) if self._count else -1
        known = np.searchsorted(self._columns["rows"][: self._count], [row for row in changed if row <= last])
        self._has_signs[known] = False  # those still there get theirs again below
        kept = 0
        for page in _pages(connection, chosen, (self._space, listed(changed))):
            new = [row for row in page if row[0] > last]
            old = [row for row in page if row[0] <= last]
            self._fill(np.searchsorted(self._columns["rows"][: self._count], [row[0] for row in old]), old)
            self._append(new)
            kept += len(old)
        self._gone += len(known) - kept

    def _append(self, page: list[tuple[Any, ...]]) -> None:
        end = self._count + len(page)
        if end > len(self._has_signs):
            self._grow(_roomy(end))
        self._fill(np.arange(self._count, end), page)
        self._count = end

    def _fill(self, places: NDArray[Any], page: list[tuple[Any, ...]]) -> None:
        if not page:
            return
        for name, values in zip(_KINDS, zip(*page, strict=True), strict=False):  # signs are no column
            plain = [NO_MOMENT if value is None else value for value in values] if name == "moments" else values
            self._columns[name][places] = plain
        if len(self._signs):
            self._fill_signs(places, [(row[5], row[6]) for row in page])

    def _fill_signs(self, places: NDArray[Any], page: list[tuple[int, bytes | None]]) -> None:
        width = len(self._signs) * 8
        having = [signs is not None and embedder == self._embedder for embedder, signs in page]
        padded = b"".join(
            (signs or b"").ljust(width, b"\0") if has else bytes(width)
            for has, (_, signs) in zip(having, page, strict=True)
        )
        self._signs[:, places] = np.frombuffer(padded, np.uint64).reshape(len(page), -1).T
        self._has_signs[places] = having

    def _read_signs(self, connection: sqlite3.Connection, embedder: int, dimensions: int) -> None:
        self._embedder = embedder
        self._signs = np.zeros((-(-dimensions // 64), len(self._has_signs)), np.uint64)
        self._has_signs[:] = False
        chosen = "SELECT row, embedder, signs FROM marks WHERE space = ? ORDER BY row"
        for page in _pages(connection, chosen, (self._space,)):
            numbers = [row[0] for row in page]
            places = np.searchsorted(self._columns["rows"][: self._count], numbers)
            here = places < self._count  # another thread's newer columns have what this snapshot has, and more
            self._fill_signs(places[here], [row[1:] for row, is_here in zip(page, here, strict=True) if is_here])

    def _grow(self, capacity: int) -> None:
        more = capacity - len(self._has_signs)
        self._columns = {name: np.pad(column, (0, more)) for name, column in self._columns.items()}
        self._signs = np.pad(self._signs, ((0, 0), (0, more)))
        self._has_signs = np.pad(self._has_signs, (0, more))


def changes_kept(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the newest and the oldest change that is kept; 0, 0: none."""
    # Two subqueries: one query for both would read the whole table.
    found = rows(connection, "SELECT (SELECT max(change) FROM changes), (SELECT min(change) FROM changes)")[0]
    return found[0] or 0, found[1] or 0


def _roomy(count: int) -> int:
    return count + count // 16 + 256


def _pages(
    connection: sqlite3.Connection, statement: str, values: tuple[object, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    with closing(connection.cursor()) as cursor:
        cursor.row_factory = None  # plain tuples: half the time
        cursor.execute(statement, values)
        while page := cursor.fetchmany(_PAGE):
            yield page
