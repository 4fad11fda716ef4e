"""Bytes to and from a guest through a pipe that it is given, beside its messages. Bounded; never decoded here."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

_CHUNK_BYTES = 1 << 18
_PIPE_BYTES = 1 << 18


class Incoming:
    """Reads what a guest writes, to the end of the pipe or to a limit; what is more is not taken from it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._data = bytearray()
        self.ended = anyio.Event()

    @property
    def data(self) -> bytes:
        """What came."""
        return bytes(self._data)

    async def read(self, pipe: int) -> None:
        """Read until the end; cancelled when there is no need for more."""
        try:
            await self._read(pipe)
        finally:
            self.ended.set()

    async def _read(self, pipe: int) -> None:
        while len(self._data) <= self._limit_bytes:
            try:
                chunk = os.read(pipe, _CHUNK_BYTES)
            except BlockingIOError:
                await anyio.wait_readable(pipe)
                continue
            if not chunk:
                return
            self._data += chunk


async def write_all(pipe: int, data: bytes) -> None:
    """Write to a guest until all is written or it reads no more."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(pipe, rest[:_CHUNK_BYTES]) :]
        except BlockingIOError:
            await anyio.wait_writable(pipe)
        except BrokenPipeError:
            return


class Pipe:
    """Both ends, each closed once."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._open = {self.reading, self.writing}

    def close(self, end: int) -> None:
        """Close one end, if it is open."""
        if end in self._open:
            self._open.discard(end)
            os.close(end)


async def write_and_close(pipe: Pipe, data: bytes) -> None:
    """Write to a guest and let it see the end."""
    await write_all(pipe.writing, data)
    pipe.close(pipe.writing)


@contextmanager
def open_pipe() -> Iterator[Pipe]:
    """Give a pipe and close what is left open of it."""
    pipe = Pipe()
    try:
        yield pipe
    finally:
        for end in (pipe.reading, pipe.writing):
            pipe.close(end)
