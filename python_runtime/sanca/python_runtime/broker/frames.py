"""Frames between a sandbox and the broker (contracts, section 4): SEQPACKET and msgpack. The other end is hostile."""

from __future__ import annotations

import socket
from typing import Any

import msgpack
from sanca.core.errors import ConversionError

PART_BYTES = 65_536
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
_MORE = b"\x01"
_LAST = b"\x00"


class FrameError(ConversionError):
    """What came is no frame; the connection is of no more use."""


def receive(connected: socket.socket) -> dict[str, Any] | None:
    """Return the next message, or None when the other end is gone.

    Raises:
        FrameError: Something else than a frame came.
    """
    try:
        part = connected.recv(PART_BYTES + 1)
        if part[:1] == _LAST:
            return _unpack(memoryview(part)[1:])
        return _receive_parts(connected, part) if part else None
    except OSError:
        return None


def send(connected: socket.socket, message: dict[str, Any]) -> None:
    """Send a message.

    Raises:
        ConversionError: It has no msgpack form or is longer than 16 MB; nothing was sent.
        OSError: The other end is gone.
    """
    try:
        body = msgpack.packb(message)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConversionError(f"The result has no form on the wire: {error}.") from error
    if len(body) <= PART_BYTES:
        connected.send(_LAST + body)
        return
    if len(body) > MESSAGE_LIMIT_BYTES:
        raise ConversionError(
            f"The result is {len(body) / 1024 / 1024:.1f} MB; 16 MB is the most an action can get at once."
        )
    view = memoryview(body)
    for start in range(0, len(body), PART_BYTES):
        more = _MORE if start + PART_BYTES < len(body) else _LAST
        connected.send(more + view[start : start + PART_BYTES])


def _receive_parts(connected: socket.socket, part: bytes) -> dict[str, Any] | None:
    body = bytearray()
    while part:
        body += memoryview(part)[1:]
        if len(body) > MESSAGE_LIMIT_BYTES:
            raise FrameError("A sandbox sent more than 16 MB at once.")
        if part[:1] == _LAST:
            return _unpack(body)
        if part[:1] != _MORE:
            raise FrameError("A sandbox sent something that is no frame.")
        part = connected.recv(PART_BYTES + 1)
    return None


def _unpack(body: Any) -> dict[str, Any]:
    try:
        # Keys of text only, and no extension types: numbers as keys can be made to collide, and hold us for minutes.
        message = msgpack.unpackb(body, strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise FrameError(f"A sandbox sent something that is no frame: {type(error).__name__}.") from error
    if not isinstance(message, dict):
        raise FrameError("A sandbox sent something that is no frame: no map.")
    return message
