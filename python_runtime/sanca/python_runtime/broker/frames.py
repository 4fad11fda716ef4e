"""Frames between a sandbox and the broker (contracts, section 4): SEQPACKET and msgpack. The other end is hostile."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import msgpack
from sanca.core.errors import ConversionError

PART_BYTES = 65_536
INLINE_LIMIT_BYTES = 256 * 1024
"""A longer answer is fetched through shared memory by a guest that can."""
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024
"""The longest message through the socket."""
LARGE_LIMIT_BYTES = 64 * 1024 * 1024
"""The longest message through shared memory."""
VALUES_LIMIT = 1_000_000
"""How many values a guest's message may hold; a byte of it can become ninety in our memory."""

_LAST, _MORE, _FIRST = 0, 1, 2
_FEW_BYTES = 65_536
"""A message as short as this cannot hold enough values to matter."""


class FrameError(ConversionError):
    """What came is no frame; the connection is of no more use."""


def receive(connected: socket.socket, greeted: Callable[[int], None] | None = None) -> dict[str, Any] | None:
    """Return the next message, or None when the other end is gone.

    Args:
        connected: The socket.
        greeted: Told the number of a new guest's greeting, which it has to answer; by default that is done here.

    Raises:
        FrameError: Something else than a frame came.
    """
    body = bytearray()
    try:
        while part := connected.recv(PART_BYTES + 1):
            marker = part[0]
            if marker == _LAST and not body:
                return unpack(memoryview(part)[1:])
            if marker == _FIRST:
                body.clear()
                number = _greeting_number(unpack(memoryview(part)[1:]))
                greeted(number) if greeted is not None else send(connected, answer_to_greeting(number))
                continue
            if marker not in (_LAST, _MORE):
                raise FrameError("A sandbox sent something that is no frame.")
            body += memoryview(part)[1:]
            if len(body) > MESSAGE_LIMIT_BYTES:
                raise FrameError("A sandbox sent more than 16 MB at once.")
            if marker == _LAST:
                return unpack(body)
    except OSError:
        return None
    return None


def answer_to_greeting(number: int) -> dict[str, Any]:
    """Return what tells a new guest that what follows is its own."""
    return {"n": number, "ok": True, "v": None}


def _greeting_number(message: dict[str, Any]) -> int:
    number = message.get("n")
    if message.get("t") != "sanca" or message.get("f") != "hello" or type(number) is not int:
        raise FrameError("A sandbox sent a greeting that is none.")
    return number


def send(connected: socket.socket, message: dict[str, Any]) -> None:
    """Send a message.

    Raises:
        ConversionError: It has no msgpack form or is longer than 16 MB; nothing was sent.
        OSError: The other end is gone.
    """
    body = pack(message)
    if len(body) > MESSAGE_LIMIT_BYTES:
        raise ConversionError(
            f"The result is {len(body) / 1024 / 1024:.1f} MB; 16 MB is the most this sandbox can get at once."
        )
    send_bytes(connected, body)


def pack(message: dict[str, Any]) -> bytes:
    """Return a message's bytes.

    Raises:
        ConversionError: It has no msgpack form.
    """
    try:
        body: bytes = msgpack.packb(message)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConversionError(f"The result has no form on the wire: {error}.") from error
    return body


def send_bytes(connected: socket.socket, body: bytes) -> None:
    """Send a packed message."""
    if len(body) <= PART_BYTES:
        connected.send(b"\x00" + body)
        return
    view = memoryview(body)
    for start in range(0, len(body), PART_BYTES):
        more = b"\x01" if start + PART_BYTES < len(body) else b"\x00"
        connected.send(more + view[start : start + PART_BYTES])


def unpack(body: Any) -> dict[str, Any]:
    """Return what a guest's bytes say.

    Raises:
        FrameError: They are no map, or hold more values than we take.
    """
    try:
        # Keys of text only, and no extension types: numbers as keys can be made to collide, and hold us for minutes.
        if len(body) <= _FEW_BYTES:
            message = msgpack.unpackb(body, strict_map_key=True, max_ext_len=0)
        else:
            message = _unpack_counted(body)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise FrameError(f"A sandbox sent something that is no frame: {type(error).__name__}.") from error
    if type(message) is not dict:
        raise FrameError("A sandbox sent something that is no frame: no map.")
    return message


def _unpack_counted(body: Any) -> Any:
    left = VALUES_LIMIT

    def count(values: Any) -> Any:
        nonlocal left
        left -= len(values) + 1
        if left < 0:
            raise FrameError(f"A sandbox sent more than {VALUES_LIMIT:,} values at once.")
        return values

    return msgpack.unpackb(
        body,
        strict_map_key=True,
        max_ext_len=0,
        max_array_len=VALUES_LIMIT,
        max_map_len=VALUES_LIMIT,
        object_hook=count,
        list_hook=count,
    )


def new_packer() -> msgpack.Packer:
    """Return a packer, for messages put together of packed parts."""
    return msgpack.Packer()
