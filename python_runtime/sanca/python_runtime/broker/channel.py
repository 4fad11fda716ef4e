"""The channel between engine and broker: msgpack messages with a length in front, on a stream socket. Opens nothing."""

from __future__ import annotations

import struct
from typing import Any

import msgpack
from sanca.core.errors import ConversionError

_HEADER = struct.Struct(">I")
MESSAGE_LIMIT_BYTES = 256 * 1024 * 1024
"""Both ends are ours; the limit only keeps a broken stream from filling the memory."""


def pack(message: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return header and body; a file descriptor travels with the header."""
    body: bytes = msgpack.packb(message, default=_plain)
    return _HEADER.pack(len(body)), body


class MessageReader:
    """Cuts received bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take received bytes and return the messages that are now whole.

        Raises:
            ConversionError: The stream is not ours.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._buffer)
            if length > MESSAGE_LIMIT_BYTES:
                raise ConversionError(f"A message of {length} bytes between engine and broker is too big.")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                break
            messages.append(msgpack.unpackb(memoryview(self._buffer)[_HEADER.size : end], strict_map_key=False))
            del self._buffer[:end]
        return messages


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)
