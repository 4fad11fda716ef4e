"""Memory that the broker lends to a sandbox session for long messages. What the guest wrote there is never trusted.

A session has at most one piece for either direction, whatever its guest does with the descriptors: made when first
needed, sealed so that nobody can change its size, and emptied after each action. We never touch it through a mapping,
so no guest can make us fault; we copy out of it, so no guest can change what we have checked.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import threading

from sanca.python_runtime.broker import frames

_MARKER = b"\x03"
_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


class LentMemory:
    """One direction of one session. Used by one thread at a time; but an action's end may meet its session's."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._ending = threading.Lock()

    def write(self, body: bytes) -> None:
        """Put a message in for the guest to read."""
        descriptor = self._open()
        view, done = memoryview(body), 0
        while done < len(body):
            done += os.pwrite(descriptor, view[done:], done)

    def read(self, length: int) -> bytearray:
        """Copy what the guest has put in."""
        if self._descriptor < 0 or not 0 < length <= frames.LARGE_LIMIT_BYTES:
            raise frames.FrameError("A sandbox sent a message in memory that it was not lent.")
        body = bytearray(length)
        done = 0
        with memoryview(body) as view:
            while done < length:
                done += os.preadv(self._descriptor, [view[done:]], done)
        return body

    def lend(self, connected: socket.socket) -> None:
        """Send the descriptor; the message before it has announced it."""
        socket.send_fds(connected, [_MARKER], [self._open()])

    def empty(self) -> None:
        """Give the pages back."""
        with self._ending:
            if self._descriptor >= 0:
                with mmap.mmap(self._descriptor, frames.LARGE_LIMIT_BYTES) as memory:
                    memory.madvise(mmap.MADV_REMOVE)

    def close(self) -> None:
        """Let go of it; what the guest still holds ends with the guest."""
        with self._ending:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _open(self) -> int:
        if self._descriptor < 0:
            descriptor = os.memfd_create("sanca", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.ftruncate(descriptor, frames.LARGE_LIMIT_BYTES)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
            self._descriptor = descriptor
        return self._descriptor
