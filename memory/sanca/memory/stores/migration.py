"""Moves everything of every tenant from one store to another, and proves that it arrived. Deletes nothing.

How far it came is noted in a file after every page, so that a move that was killed goes on there; to move again is
harmless. Vectors are not moved: they are made anew from the texts, for stores keep them differently.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.memory.stores import Store
from sanca.memory.stores.portable import KINDS, NAMES, Kind, Portable, Row

Told = Callable[[str, int], None]
"""Takes what is going on (`sessions`, `records`, `checking records` …) and how many more rows are done."""

_PAGE = 500
_SET_BY_STORES = frozenset({"created_at", "updated_at", "revision"})
_MODULUS = 1 << 256


@dataclass(frozen=True)
class Side:
    """A store, open, both ways of reaching it."""

    store: Store
    portable: Portable


@dataclass
class Moved:
    """What was moved: how many of each kind, and a digest of each that both sides agree on."""

    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


class Migration:
    """One move; to be run until it returns."""

    def __init__(self, source: Side, target: Side, marks: Path, told: Told = lambda _, __: None) -> None:
        """Take both sides, the file for the marks, and who is told of progress."""
        self._source = source
        self._target = target
        self._marks = _Marks(marks)
        self._told = told

    async def run(self) -> Moved:
        """Move what is not moved yet, then compare everything.

        Raises:
            StoreError: Something did not arrive as it was; says what. Nothing was deleted anywhere.
        """
        await self._move_rows("sessions")
        await self._move_records()
        for kind in KINDS:
            if kind != "sessions":
                await self._move_rows(kind)
        moved = await self._compared()
        self._marks.remove()
        return moved

    async def _move_records(self) -> None:
        async for page, mark in self._source.store.scan(
            None, RecordFilter(), after=self._marks.of("records"), page=_PAGE
        ):
            await self._target.store.put([record.model_copy(update={"revision": 0}) for record in page])
            self._marks.note("records", mark)
            self._told("records", len(page))

    async def _move_rows(self, kind: Kind) -> None:
        async for page, mark in self._source.portable.rows(kind, after=self._marks.of(kind), page=_PAGE):
            await self._target.portable.put_rows(kind, page)
            self._marks.note(kind, mark)
            self._told(kind, len(page))

    async def _compared(self) -> Moved:
        moved = Moved()
        for kind in KINDS:
            await self._compare_rows(kind, moved)
        await self._compare_records(moved)
        return moved

    async def _compare_rows(self, kind: Kind, moved: Moved) -> None:
        """Compare rows by their names; what else the target has is its own."""
        there: dict[tuple[str, ...], int] = {}
        async for page, _ in self._target.portable.rows(kind):
            there |= {_name(kind, row): row_digest(row) for row in page}
        total = count = 0
        async for page, _ in self._source.portable.rows(kind):
            for row in page:
                digest = row_digest(row)
                if there.get(_name(kind, row)) != digest:
                    raise self._differs(kind, " ".join(str(row[name]) for name in NAMES[kind]))
                total, count = (total + digest) % _MODULUS, count + 1
            self._told(f"checking {kind}", len(page))
        moved.counts[kind], moved.digests[kind] = count, f"{total:064x}"

    async def _compare_records(self, moved: Moved) -> None:
        total = count = 0
        async for page, _ in self._source.store.scan(None, RecordFilter(), page=_PAGE):
            found = await _same_records(self._target.store, page)
            for record, arrived in zip(page, found, strict=True):
                digest = record_digest(record)
                if arrived is None or record_digest(arrived) != digest:
                    raise self._differs("records", f"{record.layer} {record.id}")
                total, count = (total + digest) % _MODULUS, count + 1
            self._told("checking records", len(page))
        moved.counts["records"], moved.digests["records"] = count, f"{total:064x}"

    def _differs(self, kind: str, what: str) -> StoreError:
        self._marks.remove()  # the next try moves everything anew
        return StoreError(
            f"Of the {kind}, {what!r} did not arrive as it is in {self._source.store.name}; nothing was deleted. "
            "See that nobody writes to either store, and run the same command again."
        )


async def _same_records(store: Store, page: Sequence[MemoryRecord]) -> list[MemoryRecord | None]:
    """Return the records of the same keys, None for each that is not there."""
    scopes: dict[Scope, list[MemoryRecord]] = {}
    for record in page:
        scopes.setdefault(Scope(tenant=record.tenant, user=record.user), []).append(record)
    found = {
        (scope.tenant, one.key): one
        for scope, records in scopes.items()
        for one in await store.get(scope, [record.key for record in records])
    }
    return [found.get((record.tenant, record.key)) for record in page]


def record_digest(record: MemoryRecord) -> int:
    """Return a digest of all that a store does not set itself."""
    return row_digest(record.model_dump(exclude=set(_SET_BY_STORES)))


def row_digest(row: Mapping[str, Any]) -> int:
    """Return a digest of a row, as a number; the digest of many is their sum, whatever their order."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def _name(kind: Kind, row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in NAMES[kind])


class _Marks:
    """How far a move came, in a file that is always whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._marks: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except ValueError:
            self._marks = {}  # to begin anew is harmless

    def of(self, kind: str) -> str:
        """Return the mark from which to go on; empty: from the beginning."""
        return self._marks.get(kind, "")

    def note(self, kind: str, mark: str) -> None:
        """Keep a mark."""
        self._marks[kind] = mark
        half = self._path.with_suffix(".half")
        with half.open("w", encoding="utf-8") as file:
            json.dump(self._marks, file)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._path)

    def remove(self) -> None:
        """Forget all marks."""
        self._marks = {}
        self._path.unlink(missing_ok=True)
