"""Results that come in pieces: put together where they are a value, read like a file where they are a stream.

A value that is too long to lie about as Python objects becomes a handle (`large_results`) that holds its pieces packed.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import msgpack

from .large_results import LargeBytes, LargeJson, LargeList, LargeText
from .records import Record
from .tool_stream import ToolStream

WHOLE_BYTES = {"items": 8 << 20, "json": 16 << 20, "text": 16 << 20, "bytes": 48 << 20}
"""Up to here a value is given as it is, by the length of its pieces: rows take ten times as much as Python objects."""


def result_of(stream: ToolStream, answer: Mapping[str, Any]) -> Any:
    """Return the value or the file that the pieces of a stream are of."""
    if not answer["w"]:
        return _file_of(stream, answer["k"])
    pieces = Pieces(answer)
    for piece in stream:
        pieces.add(piece)
    return pieces.value()


async def result_of_async(stream: ToolStream, answer: Mapping[str, Any]) -> Any:
    """Do as `result_of` while the event loop goes on. A file that it returns is read as any other: it blocks."""
    if not answer["w"]:
        return _file_of(stream, answer["k"])
    pieces = Pieces(answer)
    async for piece in stream:
        pieces.add(piece)
    return pieces.value()


class Pieces:
    """The pieces of one value, as they come: as they are at first, and squeezed once they are too many."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._kind: str = answer["k"]
        self._is_bytes = bool(answer.get("b"))
        self._parts: list[Any] = []
        self._squeezed: list[bytes] | None = None
        self._lengths: list[int] = []
        self._size = 0

    def add(self, piece: Any) -> None:
        """Take the next piece."""
        self._size += len(piece)
        if self._squeezed is None and self._size > WHOLE_BYTES[self._kind]:
            self._squeezed = []
            parts, self._parts = self._parts, []
            parts.reverse()
            while parts:  # one by one: both forms of all of it may be too much
                self._squeeze(parts.pop())
        if self._squeezed is None:
            self._parts.append(piece)
        else:
            self._squeeze(piece)

    def value(self) -> Any:
        """Return the value, or its handle."""
        if self._squeezed is not None:
            kinds: dict[str, Any] = {"items": LargeList, "json": LargeJson, "text": LargeText, "bytes": LargeBytes}
            return kinds[self._kind](self._squeezed, self._lengths, self._size)
        if self._kind == "items":
            return [item for part in self._parts for item in unpack_list(part)]
        if self._kind == "bytes":
            return b"".join(self._parts)
        text = "".join(self._parts)
        if self._kind == "text":
            return text
        value = json.loads(text, object_hook=Record)
        return base64.b64decode(value) if self._is_bytes and isinstance(value, str) else value

    def _squeeze(self, piece: Any) -> None:
        assert self._squeezed is not None  # noqa: S101 - made by the caller
        self._lengths.append(len(unpack_list(piece)) if self._kind == "items" else len(piece))
        raw = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        self._squeezed.append(zlib.compress(raw, 1))


def unpack_list(piece: bytes) -> list[Any]:
    """Return the items of a packed piece; dicts are `Record`s."""
    items: list[Any] = msgpack.unpackb(piece, object_hook=Record, strict_map_key=False)
    return items


class _Raw(io.RawIOBase):
    """The bytes of a stream's pieces."""

    def __init__(self, stream: ToolStream) -> None:
        self._stream = stream
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._stream, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece.encode("utf-8", "replace") if isinstance(piece, str) else piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class ByteFile(io.BufferedReader):
    """A stream of bytes, read like a file. Closing it, leaving its `with` or dropping it ends the stream."""

    def __repr__(self) -> str:
        return f"<bytes as they come, {'closed' if self.closed else 'open'}: read(), read(n), or `for line in …`>"


class TextFile(io.TextIOWrapper):
    """A stream of text, read like a file. Closing it, leaving its `with` or dropping it ends the stream."""

    def __repr__(self) -> str:
        return f"<text as it comes, {'closed' if self.closed else 'open'}: read(), read(n), or `for line in …`>"


def _file_of(stream: ToolStream, kind: str) -> ByteFile | TextFile:
    if kind == "bytes":
        return ByteFile(_Raw(stream), 1 << 16)
    return TextFile(io.BufferedReader(_Raw(stream), 1 << 16), encoding="utf-8", newline="")
