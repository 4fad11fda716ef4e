"""A bounded pool of SQLite connections: who finds none waits, and is told when the wait was too long."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PoolTimeoutError(Exception):
    """No connection became free in time."""


class ConnectionPool:
    """Connections to one database file, opened when first needed."""

    def __init__(self, path: Path, size: int, timeout_ms: int) -> None:
        self.path, self.size, self.timeout_ms = path, size, timeout_ms
        self.in_use, self.waiting = 0, 0
        self._idle: list[sqlite3.Connection] = []
        self._free = threading.Condition()

    def acquire(self) -> sqlite3.Connection:
        """Take a connection; give it back with `release`."""
        deadline = time.monotonic() + self.timeout_ms / 1000
        with self._free:
            self.waiting += 1
            try:
                while self.in_use >= self.size:
                    if not self._free.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                        raise PoolTimeoutError(
                            f"no database connection became free within {self.timeout_ms} ms "
                            f"(pool size {self.size}, in use {self.in_use}, waiting {self.waiting})"
                        )
            finally:
                self.waiting -= 1
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
