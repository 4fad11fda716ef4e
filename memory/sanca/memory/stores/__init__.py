"""Where memory is kept: one protocol, and the choice among those who keep it. Opens nothing by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sanca.core.memory import RecordStore
from sanca.core.ports import SessionStore
from sanca.memory.settings import MemorySettings


class Store(SessionStore, RecordStore, Protocol):
    """Sessions and records in one object; `open` and `close` serve both."""


def open_store(settings: MemorySettings, home: Path) -> Store:
    """Return the store that the settings name, not opened yet.

    Args:
        settings: Which store, and where it is.
        home: The state folder of the engine.
    """
    from sanca.memory.stores.sqlite import SqliteStore

    return SqliteStore(home / settings.database_name, busy_timeout_seconds=settings.busy_timeout_seconds)
