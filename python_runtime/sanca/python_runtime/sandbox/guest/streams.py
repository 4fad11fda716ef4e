"""Where an action's prints go: one pipe for both streams, in order. What was printed is kept for the next action."""

from __future__ import annotations

import io
from typing import Any

from .safely import exact

_KEPT_CHARS = 512 << 10
_STDERR_CHARS = 16 << 10


class Record:
    """The beginning of what was written in a round."""

    def __init__(self, limit_chars: int) -> None:
        self._limit_chars = limit_chars
        self._pieces: list[str] = []
        self._chars = 0

    def add(self, text: str) -> None:
        """Take what was written, as long as there is room."""
        room = self._limit_chars - self._chars
        if room <= 0:
            return
        if len(text) > room:
            text = text[:room]
        self._pieces.append(text)
        self._chars += len(text)
        if len(self._pieces) > 4096:
            self._pieces = ["".join(self._pieces)]

    def take(self) -> str:
        """Return it and begin anew."""
        text = "".join(self._pieces)
        self._pieces, self._chars = [], 0
        return text


class Printed(io.TextIOWrapper):
    """`sys.stdout`: writes line by line, so that what was printed before a kill is seen, and keeps a record."""

    def __init__(self, descriptor: int) -> None:
        self.record = Record(_KEPT_CHARS)
        file = io.FileIO(descriptor, "w", closefd=False)
        super().__init__(file, "utf-8", "backslashreplace", line_buffering=True)

    def write(self, text: str) -> int:
        """Write."""
        written = super().write(text)
        self.record.add(exact(text))
        return written


class PrintedErrors(io.TextIOBase):
    """`sys.stderr`: writes into `sys.stdout`'s own stream, so that the order of lines is kept."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, printed: Printed) -> None:
        self._printed = printed
        self.record = Record(_STDERR_CHARS)

    @property
    def buffer(self) -> Any:
        """The bytes below."""
        return self._printed.buffer

    def write(self, text: str) -> int:
        """Write."""
        written = self._printed.write(text)
        self.record.add(exact(text))
        if written:
            self._printed.flush()
        return written

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._printed.fileno()

    def writable(self) -> bool:
        """Whether one can write."""
        return True

    def flush(self) -> None:
        """Write what waits."""
        self._printed.flush()
