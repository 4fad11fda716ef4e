"""Carries the datagrams of a session's two sockets over one pair of pipes, for a session that only has its own stdio.

The same on both sides. On a pipe each datagram has a header: which socket (0 control, 1 tools) and how many bytes; none
means that the socket was closed. Descriptors are not carried. Tools that are not read for long lose their socket, so
that they never hold up control.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections import deque
from contextlib import suppress

from ..guest.frames import DATAGRAM_BYTES

_HEADER = struct.Struct("<BI")
_READ_BYTES = 65536
_PENDING_BYTES = 1 << 20
_UNREAD_BYTES = 48 << 20
"""What may wait for a reader; more than two messages of the greatest length."""
_CONTROL, _TOOLS = 0, 1


class Pump:
    """Runs until a pipe or the control socket is closed. Blocks; owns none of the descriptors."""

    def __init__(self, incoming: int, outgoing: int, control: socket.socket, tools: socket.socket) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sockets = (control, tools)
        self._received = bytearray()
        self._to_pipe = bytearray()
        self._to_socket: tuple[deque[bytes], deque[bytes]] = (deque(), deque())
        self._unread = [0, 0]
        self._has_tools = True
        for descriptor in (incoming, outgoing):
            os.set_blocking(descriptor, False)
        for end in self._sockets:
            end.setblocking(False)

    def run(self) -> None:
        """Carry until an end is closed, or what comes is no datagram of ours."""
        try:
            while True:
                self._turn(self._wait())
        except (EOFError, ConnectionError, ValueError):
            return

    def _wait(self) -> dict[int, int]:
        poller = select.poll()
        wanted = {self._incoming: select.POLLIN}
        if self._to_pipe:
            wanted[self._outgoing] = wanted.get(self._outgoing, 0) | select.POLLOUT
        for end, queue in zip(self._living(), self._to_socket, strict=False):
            events = select.POLLIN if len(self._to_pipe) < _PENDING_BYTES else 0
            if events or queue:
                wanted[end.fileno()] = events | (select.POLLOUT if queue else 0)
        for descriptor, events in wanted.items():
            poller.register(descriptor, events)
        return dict(poller.poll())

    def _turn(self, ready: dict[int, int]) -> None:
        if ready.get(self._incoming, 0):
            self._read_pipe()
        for number, end in enumerate(self._living()):
            events = ready.get(end.fileno(), 0)
            if events & select.POLLOUT:
                self._write_socket(number)
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._read_socket(number)
        if ready.get(self._outgoing, 0):
            self._write_pipe()

    def _living(self) -> tuple[socket.socket, ...]:
        return self._sockets if self._has_tools else self._sockets[:1]

    def _read_pipe(self) -> None:
        piece = os.read(self._incoming, _READ_BYTES)
        if not piece:
            raise EOFError
        self._received += piece
        while len(self._received) >= _HEADER.size:
            number, length = _HEADER.unpack_from(self._received)
            if number > _TOOLS or length > DATAGRAM_BYTES:
                raise ValueError("not a datagram of ours")
            end = _HEADER.size + length
            if len(self._received) < end:
                return
            datagram = bytes(self._received[_HEADER.size : end])
            del self._received[:end]
            if not datagram:
                self._close(number)
            elif number == _CONTROL or self._has_tools:
                self._to_socket[number].append(datagram)
                self._unread[number] += length
                self._write_socket(number)
            if self._unread[number] > _UNREAD_BYTES:
                self._tell_closed(number)

    def _write_socket(self, number: int) -> None:
        queue = self._to_socket[number]
        while queue:
            try:
                self._sockets[number].send(queue[0])
            except BlockingIOError:
                return
            except ConnectionError:
                self._tell_closed(number)
                return
            self._unread[number] -= len(queue.popleft())

    def _read_socket(self, number: int) -> None:
        try:
            datagram = self._sockets[number].recv(DATAGRAM_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            datagram = b""
        if not datagram:
            self._tell_closed(number)
            return
        self._to_pipe += _HEADER.pack(number, len(datagram)) + datagram
        self._write_pipe()

    def _tell_closed(self, number: int) -> None:
        self._close(number)
        self._to_pipe += _HEADER.pack(number, 0)
        self._write_pipe()

    def _close(self, number: int) -> None:
        """Without control there is no session; without tools there is one whose calls fail."""
        if number == _CONTROL:
            raise EOFError
        self._has_tools = False
        self._to_socket[_TOOLS].clear()
        self._unread[_TOOLS] = 0
        with suppress(OSError):
            self._sockets[_TOOLS].shutdown(socket.SHUT_RDWR)

    def _write_pipe(self) -> None:
        while self._to_pipe:
            try:
                written = os.write(self._outgoing, self._to_pipe)
            except BlockingIOError:
                return
            del self._to_pipe[:written]
