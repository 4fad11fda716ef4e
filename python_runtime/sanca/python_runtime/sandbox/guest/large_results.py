"""Handles of long values: lists, texts and bytes whose pieces are held squeezed, and are like what they stand for.

They hold everything, so they are good in later actions and are kept with a session's names. They ask nobody for more.
"""

from __future__ import annotations

import importlib
import io
import json
import pathlib
import zlib
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgpack

from .records import Record

_GIST_CHARS = 160


class _Large(ABC):
    """What the handles share: pieces, where each begins, and the last one that was looked at."""

    def __init__(self, pieces: list[bytes], lengths: list[int], size: int) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(lengths))
        self._size = size
        self._last: tuple[int, Any] = (-1, None)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": (-1, None)}

    def _open(self, number: int) -> Any:
        """Return a piece as what it is."""
        if self._last[0] != number:
            self._last = (number, self._decode(zlib.decompress(self._pieces[number])))
        return self._last[1]

    def _decode(self, raw: bytes) -> Any:
        return raw

    def _parts(self) -> Iterator[Any]:
        for number in range(len(self._pieces)):
            yield self._open(number)

    def _between(self, start: int, stop: int) -> Iterator[Any]:
        """Yield the parts of the pieces that lie between two positions."""
        number = bisect_right(self._ends, start)
        while start < stop:
            begin = self._ends[number - 1] if number else 0
            yield self._open(number)[start - begin : stop - begin]
            start, number = self._ends[number], number + 1

    def _index(self, position: Any) -> int:
        index = position.__index__()
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(f"{position} is out of range: there are {len(self):,}")
        return int(index)

    def _told(self, what: str, ways: str) -> str:
        first = repr(self[0:1])[1:-1] if isinstance(self, LargeList) else repr(self[:40])
        gist = first if len(first) <= _GIST_CHARS else f"{first[:_GIST_CHARS]}…"
        return f"<{what} ({self._size / 1e6:.1f} MB, all of it here, squeezed): {ways}; it begins with {gist}>"

    @abstractmethod
    def __getitem__(self, key: Any) -> Any:
        """Return one of what it is made of, or a part."""


class LargeList(_Large, Sequence[Any]):
    """A long list, of records mostly. Iterate over it, or take slices, which are lists."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            index = self._index(key)
            return next(self._between(index, index + 1))[0]
        start, stop, step = key.indices(len(self))
        if step > 0:
            return [item for part in self._between(start, max(start, stop)) for item in part][::step]
        return [self[index] for index in range(start, stop, step)]

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts():
            yield from part

    def to_dataframe(self) -> Any:
        """Return it as a pandas DataFrame."""
        pandas: Any = importlib.import_module("pandas")  # of the guest library, and not of the engine
        return pandas.concat([pandas.DataFrame(part) for part in self._parts()], ignore_index=True)

    def save(self, path: Any) -> None:
        """Write it as JSON: `rows.save("/output/rows.json")`."""
        with pathlib.Path(path).open("w", encoding="utf-8") as file:
            between = "["
            for part in filter(None, self._parts()):
                file.write(between + json.dumps(part, ensure_ascii=False)[1:-1])
                between = ","
            file.write("]")

    def __repr__(self) -> str:
        return self._told(f"list of {len(self):,} items", "for item in …, [a:b], len(), .to_dataframe(), .save(path)")

    def _decode(self, raw: bytes) -> Any:
        return msgpack.unpackb(raw, object_hook=Record, strict_map_key=False)


class LargeText(_Large):
    """A long text. Take slices, or go through its lines."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            index = self._index(key)
            return next(self._between(index, index + 1))[0]
        start, stop, step = key.indices(len(self))
        if step > 0:
            return "".join(self._between(start, max(start, stop)))[::step]
        return "".join(self._between(stop + 1, max(stop, start) + 1))[::-1][::-step]

    def __iter__(self) -> Iterator[str]:
        """Go through its lines, each with its end, as of a file."""
        rest = ""
        for part in self._parts():
            *lines, rest = io.StringIO(rest + part, newline="").readlines() or [""]
            yield from lines
        if rest:
            yield rest

    def __contains__(self, text: str) -> bool:
        tail = ""
        for part in self._parts():
            if text in (joined := tail + part):
                return True
            tail = joined[-len(text) :]
        return False

    def read(self) -> str:
        """Return all of it."""
        return "".join(self._parts())

    def save(self, path: Any) -> None:
        """Write it to a file."""
        with pathlib.Path(path).open("w", encoding="utf-8", newline="") as file:
            file.writelines(self._parts())

    def __str__(self) -> str:
        return self.read()

    def __repr__(self) -> str:
        return self._told(f"text of {len(self):,} characters", "[a:b], for line in …, .read(), .save(path)")

    def _decode(self, raw: bytes) -> Any:
        return raw.decode("utf-8", "surrogatepass")


class LargeJson(LargeText):
    """A long value that is no list, as its JSON text."""

    def load(self) -> Any:
        """Return the value; it takes about ten times its length."""
        return json.loads(self.read(), object_hook=Record)

    def __repr__(self) -> str:
        return self._told(f"JSON of {len(self):,} characters", ".load(), .save(path), [a:b] of its text")


class LargeBytes(_Large):
    """Many bytes. Take slices, or go through them piece by piece."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            index = self._index(key)
            return next(self._between(index, index + 1))[0]
        start, stop, step = key.indices(len(self))
        if step > 0:
            return b"".join(self._between(start, max(start, stop)))[::step]
        return b"".join(self._between(stop + 1, max(stop, start) + 1))[::-1][::-step]

    def __iter__(self) -> Iterator[bytes]:
        """Go through them piece by piece."""
        return self._parts()

    def read(self) -> bytes:
        """Return all of them."""
        return b"".join(self._parts())

    def save(self, path: Any) -> None:
        """Write them to a file."""
        with pathlib.Path(path).open("wb") as file:
            file.writelines(self._parts())

    def __repr__(self) -> str:
        return self._told(f"{len(self):,} bytes", "[a:b], for piece in …, .read(), .save(path)")
