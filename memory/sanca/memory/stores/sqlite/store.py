"""The embedded store: sessions and records in one SQLite file, no server. What it does is in the modules beside it."""

from __future__ import annotations

from pathlib import Path

from sanca.memory.stores.sqlite.database import Database
from sanca.memory.stores.sqlite.erasing import UserErasing
from sanca.memory.stores.sqlite.record_rows import RecordRows
from sanca.memory.stores.sqlite.schema import MIGRATIONS
from sanca.memory.stores.sqlite.searches import RecordSearches
from sanca.memory.stores.sqlite.sessions import SessionRows


class SqliteStore(SessionRows, RecordRows, RecordSearches, UserErasing):
    """`sanca.core.ports.SessionStore` and `sanca.core.memory.RecordStore` over one file.

    Lifecycle: `open` once, `close` once after the last call; everything else from many tasks at once. Other processes
    may use the same file meanwhile.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 5.0, key: str = "") -> None:
        self._database = Database(path, MIGRATIONS, busy_timeout_seconds=busy_timeout_seconds, key=key)

    @property
    def name(self) -> str:
        """`sqlite`."""
        return "sqlite"

    async def open(self) -> None:
        """Open the store, making or migrating its schema.

        Raises:
            StoreError: The file cannot be opened, or a newer version wrote it.
        """
        await self._database.open()

    async def close(self) -> None:
        """Close it; nothing may be called after."""
        await self._database.close()
