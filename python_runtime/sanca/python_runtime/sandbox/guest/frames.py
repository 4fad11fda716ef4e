"""Messages over a SEQPACKET socket: msgpack in datagrams of a marker byte (0 last, 1 more follows) and 64 KB at most.

Pure framing, for both sides of both sockets of a session; what a message means is not known here. Nothing is unpickled.
On the tool channel there are two more markers: 2 before a new guest's first message, whatever was begun before it being
void, and 3, which carries the descriptor that the message before it announced.
"""

from __future__ import annotations

import os
import socket
from array import array
from typing import Any

import msgpack

EXIT_WITHOUT_MEMORY = 96
"""How a guest ends that has no memory left for its answer."""
PAYLOAD_BYTES = 65536
DATAGRAM_BYTES = PAYLOAD_BYTES + 1
MESSAGE_BYTES = 16 << 20
"""The longest message on the tool channel."""
INLINE_BYTES = 256 << 10
"""What is longer goes through shared memory where the broker gives some."""
LARGE_BYTES = 64 << 20
"""The longest message that goes through shared memory."""

LAST, MORE, FIRST, DESCRIPTOR = range(4)

_LAST, _MORE = b"\x00", b"\x01"
_DESCRIPTOR_BYTES = array("i").itemsize

pack = msgpack.packb
"""Value → bytes. Raises TypeError, ValueError or OverflowError for what has no form."""


def unpack(message: bytes) -> Any:
    """Bytes → value. Raises ValueError for what is not one whole message."""
    return msgpack.unpackb(message, strict_map_key=False)


def chunks(message: bytes) -> list[bytes]:
    """Cut a message into datagrams."""
    if len(message) <= PAYLOAD_BYTES:
        return [_LAST + message]
    starts = range(0, len(message), PAYLOAD_BYTES)
    return [(_LAST if start == starts[-1] else _MORE) + message[start : start + PAYLOAD_BYTES] for start in starts]


def new_greeting() -> tuple[int, bytes]:
    """Return the number and the datagram with which a new guest begins; what comes before its answer is not for it."""
    number = int.from_bytes(os.urandom(8)) >> 2
    message = {"n": number, "t": "sanca", "f": "hello", "a": [number], "k": {}}
    return number, bytes((FIRST,)) + pack(message)


class Assembler:
    """Joins datagrams to messages. May be fed across interruptions: it keeps what it has."""

    def __init__(self, limit_bytes: int = MESSAGE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self.begun = bytearray()
        """What is kept of a message that is not whole."""

    def feed(self, datagram: bytes | memoryview) -> bytes | None:
        """Take one datagram; return the message when it is whole.

        Raises:
            EOFError: The datagram is empty, which means that the other end is closed.
            ValueError: The message is longer than allowed, or a datagram has no valid marker.
        """
        if not datagram:
            raise EOFError
        marker = datagram[0]
        if marker > 1:
            raise ValueError("a datagram must begin with 0 or 1")
        if len(self.begun) + len(datagram) - 1 > self._limit_bytes:
            raise ValueError(f"a message is longer than {self._limit_bytes:,} bytes")
        if marker == 0 and not self.begun:
            return bytes(datagram[1:])
        self.begun += memoryview(datagram)[1:]
        if marker == 1:
            return None
        message = bytes(self.begun)
        self.begun.clear()
        return message


def send(channel: socket.socket, message: bytes) -> None:
    """Send one message on a blocking socket."""
    for chunk in chunks(message):
        channel.send(chunk)


def send_with_descriptors(channel: socket.socket, message: bytes, descriptors: list[int]) -> None:
    """Send one message on a blocking socket; descriptors ride on its first datagram."""
    first, *rest = chunks(message)
    if descriptors:
        socket.send_fds(channel, [first], descriptors)
    else:
        channel.send(first)
    for chunk in rest:
        channel.send(chunk)


def receive(channel: socket.socket, limit_bytes: int = MESSAGE_BYTES) -> bytes:
    """Receive one message from a blocking socket; see `Assembler.feed` for what it raises."""
    assembler = Assembler(limit_bytes)
    while (message := assembler.feed(channel.recv(DATAGRAM_BYTES))) is None:
        pass
    return message


def receive_with_descriptors(channel: socket.socket, limit_bytes: int, most: int) -> tuple[bytes, list[int]]:
    """Receive one message and the descriptors that came with its first datagram."""
    assembler = Assembler(limit_bytes)
    datagram, ancillary, _flags, _address = channel.recvmsg(DATAGRAM_BYTES, socket.CMSG_LEN(most * _DESCRIPTOR_BYTES))
    descriptors = _descriptors(ancillary) if ancillary else []
    try:
        message = assembler.feed(datagram)
        while message is None:
            message = assembler.feed(channel.recv(DATAGRAM_BYTES))
    except (EOFError, ValueError):
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return message, descriptors


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found = array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % _DESCRIPTOR_BYTES])
    return found.tolist()


def receive_descriptor(channel: socket.socket) -> int:
    """Receive the descriptor that a message announced; -1 when it did not cross."""
    _data, descriptors, _flags, _address = socket.recv_fds(channel, 1, 1)
    return descriptors[0] if descriptors else -1
