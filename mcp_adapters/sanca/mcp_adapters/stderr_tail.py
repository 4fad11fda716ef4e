"""The last words of a server's standard error: kept in memory, bounded, so that a failed start can say why."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TextIO

from sanca.core.untrusted import plain_text

_TAIL_BYTES = 4096
_LINE_CHARS = 200


class StderrTail:
    """A pipe for a child's standard error. Belongs to the running event loop; `close` it at the end."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        """Open the pipe.

        Args:
            on_end: Called once when the last process that held it is gone.
        """
        self._on_end = on_end
        self._tail = b""
        self._loop = asyncio.get_running_loop()
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        self.file: TextIO = os.fdopen(writer, "w", encoding="utf-8")
        """The end the child writes to."""
        self._loop.add_reader(self._reader, self._read)

    def child_started(self) -> None:
        """Close our copy of the child's end, so that its death shows."""
        self.file.close()

    def last_line(self) -> str:
        """Return the last line that says something."""
        lines = [line for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        return plain_text(lines[-1], _LINE_CHARS) if lines else ""

    def close(self) -> None:
        """Close both ends."""
        self.file.close()
        if self._reader >= 0:
            self._loop.remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1

    def _read(self) -> None:
        try:
            data = os.read(self._reader, 65536)
        except BlockingIOError:
            return
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        if not data:
            self._loop.remove_reader(self._reader)
            self._on_end()
