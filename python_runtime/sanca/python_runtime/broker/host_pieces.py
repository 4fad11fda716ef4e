"""Results of the host that come piece by piece, as sources of a call's stream. Pulls when asked and never ahead."""

from __future__ import annotations

import base64
import binascii
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgpack
import orjson
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.call_streams import ITEM_LIMIT_BYTES, PieceForm, ReadSoFar
from sanca.toolkit_bridge.gateway import failure
from sanca.toolkit_bridge.pages import ResultPieces

WHOLE_LIMIT_BYTES = 15 * 1024 * 1024
"""What a caller that takes no pieces can get; as much as the host gives at once."""
VALUE_LIMIT_BYTES = 256 * 1024 * 1024
"""No value is longer, in whatever form: who wants more reads a stream."""
_SAMPLE_ITEMS, _SAMPLE_CHARS, _SAMPLE_BYTES = 3, 200, 2_048


class HostItems:
    """The items of a stream in the host; an `ItemSource`."""

    def __init__(self, name: str, pieces: ResultPieces, first: CallOutcome) -> None:
        self._name = name
        self._pieces = pieces
        self._ready: deque[bytes] = deque()
        self._ended = self._keep(first)

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Return the next items; asks the host when none is left."""
        end = time.monotonic() + timeout_seconds
        while not self._ready and self._ended is None:
            self._ended = self._keep(_pulled(self._pieces, self._name, end))
        items = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
        return items, None if self._ready else self._ended

    def close(self) -> None:
        """Let go of it in the host."""
        self._pieces.close()

    def _keep(self, piece: CallOutcome) -> CallOutcome | None:
        """Keep a piece's items packed; return how the stream ends, if it does."""
        if not piece.ok:
            return piece
        for item in piece.value:
            packed = _packed(item)
            if packed is None or len(packed) > ITEM_LIMIT_BYTES:
                why = "has no form on the wire" if packed is None else f"is longer than {ITEM_LIMIT_BYTES >> 20} MB"
                self._pieces.close()
                return failure("failed", f"{self._name}: an item {why}.")
            self._ready.append(packed)
        return None if self._pieces.page.more else CallOutcome(ok=True)


class HostPieces:
    """The pieces of a long value, or of a stream of bytes or text; a `PieceSource`.

    A piece is bytes, a text, or (of a list) bytes that are a packed list, so that what is only kept is not unpacked.
    """

    def __init__(
        self, name: str, pieces: ResultPieces, first: CallOutcome, *, timeout_seconds: float, is_bytes: bool
    ) -> None:
        self.form = PieceForm(pieces.page.kind, not pieces.page.stream, is_bytes and pieces.page.kind == "json")
        self._name = name
        self._pieces = pieces
        self._timeout_seconds = timeout_seconds
        self._next: CallOutcome | None = first
        self._size_bytes = 0
        self._count = 0
        self._sample: list[Any] = []

    def take(self, most: int, timeout_seconds: float) -> tuple[list[bytes], CallOutcome | None]:
        """Return the next piece."""
        piece, error = self._take(timeout_seconds)
        if error is not None:
            return [], error
        return [msgpack.packb(piece)], None if self._pieces.page.more else CallOutcome(ok=True)

    def read_so_far(self) -> ReadSoFar:
        """Return how much came."""
        return ReadSoFar(self._count, self._size_bytes, self._sample)

    def join(self) -> CallOutcome:
        """Read to the end and put it together; bytes in base64, as the host writes them where it gives them at once."""
        parts: list[Any] = []
        more = True
        while more:
            piece, error = self._take(self._timeout_seconds)
            if error is None and self._size_bytes > WHOLE_LIMIT_BYTES:
                self._pieces.close()
                limit = f"{WHOLE_LIMIT_BYTES >> 20} MB"
                error = failure("failed", f"{self._name} gave more than the {limit} that can be given at once here.")
            if error is not None:
                return error
            parts.append(piece)
            more = self._pieces.page.more
        return self._whole(parts)

    def close(self) -> None:
        """Let go of it in the host."""
        self._pieces.close()

    def _take(self, timeout_seconds: float) -> tuple[Any, CallOutcome | None]:
        piece, self._next = self._next, None
        if piece is None:
            piece = _pulled(self._pieces, self._name, time.monotonic() + timeout_seconds)
        if not piece.ok:
            return None, piece
        try:
            value = _DECODE[self.form.kind](piece.value)
        except (TypeError, ValueError, OverflowError, RecursionError):
            self._pieces.close()
            return None, failure("failed", f"{self._name}: a piece of the result is not what the host said it is.")
        if self._count == 0:
            self._sample = _sample(self.form.kind, piece.value)
        self._count = self._pieces.page.next
        self._size_bytes += len(value)
        if self.form.is_value and self._size_bytes > VALUE_LIMIT_BYTES:
            self._pieces.close()
            limit = f"{VALUE_LIMIT_BYTES >> 20} MB"
            return None, failure("failed", f"{self._name} gave more than {limit}; ask for less, or for a part.")
        return value, None

    def _whole(self, parts: list[Any]) -> CallOutcome:
        if self.form.kind == "items":
            return CallOutcome(ok=True, value=[item for part in parts for item in msgpack.unpackb(part)])
        if self.form.kind == "bytes":
            return CallOutcome(ok=True, value=base64.b64encode(b"".join(parts)).decode())
        text = "".join(parts)
        try:
            return CallOutcome(ok=True, value=orjson.loads(text) if self.form.kind == "json" else text)
        except orjson.JSONDecodeError:
            return failure("failed", f"{self._name}: the joined pieces of the result are no value.")


def bytes_of(value: Any) -> Any:
    """Return what base64 stands for; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return value


def _pulled(pieces: ResultPieces, name: str, end: float) -> CallOutcome:
    """Return the next piece, worded for who called the tool and knows of no pulls.

    Raises:
        TimeoutError: The host has given nothing until then.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    outcome = pieces.pull(left)
    if (error := outcome.error) is None:
        return outcome
    if error.kind == "timeout":
        raise TimeoutError
    if error.kind == "cancelled":
        return failure("cancelled", f"{name} was cancelled while its result was read.")
    message = error.message.replace("sanca.results.next", name)
    return CallOutcome(ok=False, error=error.model_copy(update={"message": message}))


def _packed_list(value: Any) -> bytes:
    if not isinstance(value, list):
        raise TypeError
    packed: bytes = msgpack.packb(value)
    return packed


def _text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _decoded(value: Any) -> bytes:
    return base64.b64decode(_text_of(value), validate=True)


_DECODE: dict[str, Callable[[Any], Any]] = {
    "items": _packed_list, "bytes": _decoded, "text": _text_of, "json": _text_of,
}  # fmt: skip


def _packed(value: Any) -> bytes | None:
    try:
        packed: bytes = msgpack.packb(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    return packed


def _sample(kind: str, value: Any) -> list[Any]:
    """Return the beginning of a first piece, for the journal."""
    if kind == "bytes":
        return []
    if kind != "items":
        return [value[:_SAMPLE_CHARS]]
    sizes = [len(_packed(item) or b"") for item in value[:_SAMPLE_ITEMS]]
    return [item if size <= _SAMPLE_BYTES else f"… ({size:,} bytes)" for item, size in zip(value, sizes, strict=False)]
