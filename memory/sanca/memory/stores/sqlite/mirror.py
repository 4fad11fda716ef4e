"""What searches hold in memory of the file, within bounds, and which way of looking a question takes."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from sanca.core.errors import StoreError
from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.moments import period
from sanca.memory.stores.sqlite import wide
from sanca.memory.stores.sqlite.blocks import Block
from sanca.memory.stores.sqlite.columns import NO_MOMENT, Columns, View, changes_kept
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.filters import Where, listed, visible_spaces, where
from sanca.memory.stores.sqlite.rows import name_number, speaker_number
from sanca.memory.stores.sqlite.wide import Part, TermCounts
from sanca.memory.stores.sqlite.writing import WHOLE_SPACE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sanca.memory.stores.sqlite.blocks import Scored

_FEW_OF_SESSIONS, _FEW = 5_000, 2_000
"""Up to so many records are compared one by one: of sessions, which are kept in memory, and of other filters."""
_COLUMN_BYTES = 96_000_000
_BLOCK_RECORDS = 30_000
_MOMENT = "(SELECT m.moment FROM marks m WHERE m.space = r.space AND m.row = r.row)"
_Key = tuple[tuple[int, ...], tuple[str, ...]]


class Mirror:
    """Columns of the spaces used last and blocks of the sessions used last; used from many threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._columns: OrderedDict[int, Columns] = OrderedDict()
        self._blocks: OrderedDict[_Key, tuple[Block, int]] = OrderedDict()
        self._counts = TermCounts()

    def lexical(
        self, connection: sqlite3.Connection, scope: Scope, terms: Mapping[str, float], which: RecordFilter, limit: int
    ) -> Scored:
        """Return rows that have any of the terms, and how well they fit."""
        spaces = visible_spaces(connection, scope, which)
        narrow = self._narrow(connection, spaces, which)
        if narrow is not None:
            block, allowed = narrow
            return _allowed(block.lexical(connection, terms), allowed)
        parts = [Part(view, _mask(view, which)) for view in self._views(connection, spaces)]
        few = _few(parts)
        if few is not None:
            return Block(few).lexical(connection, terms)
        return wide.lexical(connection, self._counts, parts, terms, limit)

    def nearest(
        self,
        connection: sqlite3.Connection,
        scope: Scope,
        vector: NDArray[np.float32],
        embedder: str,
        which: RecordFilter,
        limit: int,
    ) -> Scored:
        """Return rows that have a vector of this embedder, and their cosines."""
        known = rows(connection, "SELECT embedder, dimensions FROM embedders WHERE name = ?", (embedder,))
        if not known:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        number, dimensions = known[0]
        if vector.shape != (dimensions,):
            raise StoreError(f"Vectors of {embedder!r} have {dimensions} dimensions, this one {vector.shape}.")
        spaces = visible_spaces(connection, scope, which)
        narrow = self._narrow(connection, spaces, which)
        if narrow is not None:
            block, allowed = narrow
            return _allowed(block.nearest(connection, vector, embedder), allowed)
        views = self._views(connection, spaces, number, dimensions)
        parts = [Part(view, _mask(view, which)) for view in views]
        few = _few(parts)
        if few is not None:
            return Block(few).nearest(connection, vector, embedder)
        return wide.nearest(connection, parts, vector, embedder, limit)

    def _views(
        self, connection: sqlite3.Connection, spaces: Sequence[int], embedder: int = -1, dimensions: int = 0
    ) -> list[View]:
        views = []
        for space in spaces:
            with self._lock:
                columns = self._columns.setdefault(space, Columns(space))
                self._columns.move_to_end(space)
            views.append(columns.view(connection, embedder, dimensions))
        with self._lock:
            while len(self._columns) > len(spaces) and self._bytes_held() > _COLUMN_BYTES:
                self._columns.popitem(last=False)
        return views

    def _bytes_held(self) -> int:
        return sum(columns.bytes_held for columns in self._columns.values())

    def _narrow(
        self, connection: sqlite3.Connection, spaces: Sequence[int], which: RecordFilter
    ) -> tuple[Block, NDArray[np.int64] | None] | None:
        """Return the records to compare one by one and those of them that are allowed (None: all); None: too many."""
        if not (which.session_ids or which.documents or which.ids):
            return None
        chosen = where(which, moment=_MOMENT)
        if not which.session_ids:
            numbers = _numbers(connection, spaces, chosen, None)
            return Block(numbers), None
        block = self._session_block(connection, spaces, which.session_ids)
        if block is None:
            return (
                None
                if not (which.documents or which.ids)
                else (Block(_numbers(connection, spaces, chosen, None)), None)
            )
        if which == RecordFilter(layers=which.layers, session_ids=which.session_ids, own_only=which.own_only):
            return block, None
        return block, np.array(_numbers(connection, spaces, chosen, None), np.int64)

    def _session_block(
        self, connection: sqlite3.Connection, spaces: Sequence[int], sessions: tuple[str, ...]
    ) -> Block | None:
        key = (tuple(spaces), sessions)
        newest, oldest = changes_kept(connection)
        with self._lock:
            kept = self._blocks.get(key)
            if kept and kept[1] >= oldest - 1 and not _changed(connection, key, kept[1]):
                self._blocks[key] = (kept[0], max(newest, kept[1]))
                self._blocks.move_to_end(key)
                return kept[0]
        of_sessions = where(RecordFilter(session_ids=sessions), moment=_MOMENT)
        numbers = _numbers(connection, spaces, of_sessions, _FEW_OF_SESSIONS + 1)
        if len(numbers) > _FEW_OF_SESSIONS:
            return None
        block = Block(numbers)
        with self._lock:
            self._blocks[key] = (block, newest)
            while len(self._blocks) > 1 and sum(len(one.rows) for one, _ in self._blocks.values()) > _BLOCK_RECORDS:
                self._blocks.popitem(last=False)
        return block


def _changed(connection: sqlite3.Connection, key: _Key, mark: int) -> bool:
    return bool(
        rows(
            connection,
            "SELECT 1 FROM changes WHERE change > ? AND space IN (SELECT value FROM json_each(?))"
            " AND (row = ? OR session IN (SELECT value FROM json_each(?))) LIMIT 1",
            (mark, listed(key[0]), WHOLE_SPACE, listed([name_number(name) for name in key[1]])),
        )
    )


def _numbers(connection: sqlite3.Connection, spaces: Sequence[int], chosen: Where, limit: int | None) -> list[int]:
    found = rows(
        connection,
        "SELECT r.row FROM records r WHERE r.space IN (SELECT value FROM json_each(?))"  # noqa: S608
        f" AND {chosen} LIMIT ?",
        (listed(spaces), *chosen.values, -1 if limit is None else limit),
    )
    return [row["row"] for row in found]


def _allowed(scored: Scored, allowed: NDArray[np.int64] | None) -> Scored:
    if allowed is None:
        return scored
    numbers, scores = scored
    kept = np.isin(numbers, allowed)
    return numbers[kept], scores[kept]


def _few(parts: Sequence[Part]) -> list[int] | None:
    """Return the rows that filters leave in when they are few."""
    if (
        any(part.mask is None for part in parts)
        or sum(int(part.mask.sum()) for part in parts if part.mask is not None) > _FEW
    ):
        return None
    return [int(row) for part in parts for row in part.view.rows[part.mask]]


def _mask(view: View, which: RecordFilter) -> NDArray[np.bool_] | None:
    """Return which records a filter of sessions, speakers and times leaves in; None: all."""
    masks = []
    if which.session_ids:
        masks.append(np.isin(view.sessions, _named(which.session_ids)))
    if which.not_session_ids:
        masks.append(~np.isin(view.sessions, _named(which.not_session_ids)))
    if which.speakers:
        masks.append(np.isin(view.speakers, np.array([speaker_number(name) for name in which.speakers], np.uint32)))
    since, until = period(which)
    if since is not None:
        masks.append(view.moments >= since)
    if until is not None:
        masks.append((view.moments < until) & (view.moments != NO_MOMENT))
    return np.logical_and.reduce(masks) if masks else None


def _named(names: Sequence[str]) -> NDArray[np.int64]:
    return np.array([name_number(name) for name in names], np.int64)
