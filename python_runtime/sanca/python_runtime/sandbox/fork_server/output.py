"""Keeps the beginning and the end of what an action prints, and counts the rest. In our process, not the guest's."""

from __future__ import annotations

import os

_READ_BYTES = 65536
_READS_AT_ONCE = 64


class CappedOutput:
    """Reads a pipe without blocking and keeps at most `limit_bytes` of it: three quarters head, one quarter tail."""

    def __init__(self, limit_bytes: int) -> None:
        self._head_bytes = limit_bytes * 3 // 4
        self._tail_bytes = limit_bytes - self._head_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped_chars = 0

    def read_from(self, pipe: int) -> bool:
        """Take what the pipe holds now; whether it may still give more later."""
        for _ in range(_READS_AT_ONCE):
            try:
                piece = os.read(pipe, _READ_BYTES)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self.add(piece)
        return True

    def text(self) -> tuple[str, int]:
        """Return what was kept, with a mark where something is missing, and how many characters are."""
        head, tail = self._head.decode("utf-8", "replace"), self._tail.decode("utf-8", "replace")
        if not self._dropped_chars:
            return (self._head + self._tail).decode("utf-8", "replace"), 0
        return f"{head}\n[… {self._dropped_chars:,} characters left out …]\n{tail}", self._dropped_chars

    def add(self, piece: bytes) -> None:
        """Take what was printed elsewhere."""
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += piece[:room]
            piece = piece[room:]
        self._tail += piece
        if len(self._tail) > self._tail_bytes:
            cut = len(self._tail) - self._tail_bytes
            self._dropped_chars += len(self._tail[:cut].decode("utf-8", "ignore"))
            del self._tail[:cut]
