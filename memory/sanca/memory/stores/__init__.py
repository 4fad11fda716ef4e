"""Where memory is kept: one protocol, and the choice among those who keep it. Opens nothing by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
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
    from sanca.memory.outbox import BufferedStore
    from sanca.memory.stores.elasticsearch import ElasticsearchSettings, ElasticsearchStore

    try:
        remote = ElasticsearchStore(ElasticsearchSettings())
    except ValidationError as error:
        first = error.errors()[0]
        names = "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"SANCA_MEMORY_ELASTICSEARCH_{names}: {first['msg']}.".replace("_:", ":")) from error
    return BufferedStore(remote, home)
