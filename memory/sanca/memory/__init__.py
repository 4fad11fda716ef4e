"""Session store, skill library and their settings. Importing it reads no file and loads no weights."""

from sanca.memory.session_store import SqliteSessionStore
from sanca.memory.settings import MemorySettings

__all__ = ["MemorySettings", "SqliteSessionStore"]
