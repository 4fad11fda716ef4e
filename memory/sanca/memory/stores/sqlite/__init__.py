"""The embedded store in one SQLite file."""

from sanca.memory.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
