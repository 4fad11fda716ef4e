"""Where memory is kept: one protocol, and the choice among those who keep it. Opens nothing by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sanca.core.memory import RecordStore
from sanca.core.ports import SessionStore
from sanca.memory.settings import MemorySettings


class Store(SessionStore, RecordStore, Protocol):
    """Sessions and records in one object; `open` and `close` serve both."""

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""

    async def known_sessions(self, tenant: str, user: str) -> list[str]:
        """Return the ids of all sessions the user has or had, deleted ones too."""

    async def erase_user(self, tenant: str, user: str) -> int:
        """Forget everything kept of the user; return how many records there were. Ids of sessions stay taken."""

    async def scrub(self) -> None:
        """Take what was deleted out of the files, as far as this store can."""


def open_store(settings: MemorySettings, home: Path) -> Store:
    """Return the store that the settings name, not opened yet.

    Args:
        settings: Which store, and where it is.
        home: The state folder of the engine.

    Raises:
        ConfigurationError: It is to be encrypted and its key cannot be had.
    """
    if settings.store == "elasticsearch":
        return _behind_outbox(home)
    from sanca.memory.care.encryption_key import encryption_key
    from sanca.memory.stores.sqlite import SqliteStore

    return SqliteStore(
        home / settings.database_name,
        busy_timeout_seconds=settings.busy_timeout_seconds,
        key=encryption_key(settings),
    )


def _behind_outbox(home: Path) -> Store:
    from sanca.memory.stores.elasticsearch import ElasticsearchStore, elasticsearch_settings
    from sanca.memory.stores.outbox.buffered import BufferedStore

    return BufferedStore(ElasticsearchStore(elasticsearch_settings()), home)
