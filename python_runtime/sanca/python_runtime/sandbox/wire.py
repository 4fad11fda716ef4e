"""Messages with the sandbox's own processes on non-blocking sockets. The engine's one place that waits for them."""

from __future__ import annotations

import select
import socket
from typing import Any

import anyio
import msgpack
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.guest import frames

_REPLY_BYTES = 4 << 20


async def send_datagram(channel: socket.socket, datagram: bytes, descriptors: list[int] | None = None) -> None:
    """Send one datagram, with descriptors if any."""
    while True:
        try:
            if descriptors:
                socket.send_fds(channel, [datagram], descriptors)
            else:
                channel.send(datagram)
        except BlockingIOError:
            await anyio.wait_writable(channel)
        else:
            return


async def receive_datagram(channel: socket.socket, size: int, most_descriptors: int = 1) -> tuple[bytes, list[int]]:
    """Receive one datagram and the descriptors that came with it."""
    while True:
        try:
            datagram, descriptors, _flags, _address = socket.recv_fds(channel, size, most_descriptors)
        except BlockingIOError:
            await anyio.wait_readable(channel)
        except ConnectionResetError:
            continue  # told once, before the datagrams that the other end sent before it closed
        else:
            return datagram, list(descriptors)


async def send_message(channel: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    """Send one message; descriptors ride on its first datagram."""
    for chunk in frames.chunks(frames.pack(message)):
        await send_datagram(channel, chunk, descriptors)
        descriptors = None


def send_at_once(channel: socket.socket, message: dict[str, Any]) -> bool:
    """Send a short message if there is room for it now; whether it was sent."""
    packed = frames.pack(message)
    if len(packed) > frames.PAYLOAD_BYTES:
        return False
    try:
        channel.send(b"\x00" + packed)
    except BlockingIOError:
        return False
    return True


class MessageReader:
    """Reads whole messages. A cancelled `read` loses nothing: the next one goes on where it stopped."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._assembler = frames.Assembler(_REPLY_BYTES)
        self._poller = select.poll()
        self._poller.register(channel, select.POLLIN)

    def read_soon(self, milliseconds: int) -> Any:
        """Return the next message if it comes within a moment, for which everything else waits; else None.

        Raises:
            EOFError, SandboxError: As `read`.
        """
        return self._take() if self._poller.poll(milliseconds) else None

    async def read(self) -> Any:
        """Return the next message.

        Raises:
            EOFError: The other end is closed.
            SandboxError: The message is malformed.
        """
        while True:
            message = self._take()
            if message is not None:
                return message
            await anyio.wait_readable(self._channel)

    def _take(self) -> Any:
        """Return the next message if it is whole now, else None."""
        try:
            while True:
                try:
                    message = self._assembler.feed(self._channel.recv(frames.DATAGRAM_BYTES))
                except ConnectionResetError:
                    continue  # as in receive_datagram
                if message is not None:
                    return frames.unpack(message)
        except BlockingIOError:
            return None
        except ValueError as error:
            raise SandboxError("A sandbox process sent a message that cannot be read.") from error


def unpack_untrusted(message: bytes) -> Any:
    """Decode bytes that a guest wrote; None when they are not one plain message."""
    try:
        return msgpack.unpackb(message, unicode_errors="replace", strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, RecursionError):
        return None
