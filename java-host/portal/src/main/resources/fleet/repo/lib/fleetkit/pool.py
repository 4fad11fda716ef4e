"""A bounded pool of SQLite connections: who finds none waits, and is told when the wait was too long."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONG_WAIT_SECONDS = 1.0
RECENT_SECONDS = 30.0


class PoolTimeoutError(Exception):
    """No connection became free in time."""


class ConnectionPool:
    """Connections to one database file, opened when first needed."""

    def __init__(self, path: Path, size: int, timeout_ms: int) -> None:
        self.path, self.size, self.timeout_ms = path, size, timeout_ms
        self.in_use = 0
        self._idle: list[sqlite3.Connection] = []
        self._waiters: list[float] = []
        self._last_timeout = -math.inf
        self._free = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many callers wait for a connection."""
        return len(self._waiters)

    def is_exhausted(self) -> bool:
        """Whether somebody waits for long, or waited in vain in the last half minute; a short rush is neither."""
        now = time.monotonic()
        longest = now - min(list(self._waiters), default=now)
        return longest > LONG_WAIT_SECONDS or now - self._last_timeout < RECENT_SECONDS

    def acquire(self) -> sqlite3.Connection:
        """Take a connection; give it back with `release`."""
        begun = time.monotonic()
        deadline = begun + self.timeout_ms / 1000
        with self._free:
            self._waiters.append(begun)
            try:
                while self.in_use >= self.size:
                    if not self._free.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                        self._last_timeout = time.monotonic()
                        raise PoolTimeoutError(
                            f"no database connection became free within {self.timeout_ms} ms "
                            f"(pool size {self.size}, in use {self.in_use}, waiting {self.waiting})"
                        )
            finally:
                self._waiters.remove(begun)
            self.in_use += 1
            return self._idle.pop() if self._idle else self._open()

    def release(self, connection: sqlite3.Connection) -> None:
        """Give a connection back."""
        with self._free:
            self._idle.append(connection)
            self.in_use -= 1
            self._free.notify()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Take a connection for a block; what the block did is committed only when it ends well."""
        connection = self.acquire()
        try:
            with connection:
                yield connection
        finally:
            self.release(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        return connection
