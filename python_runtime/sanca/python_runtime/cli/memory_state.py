"""Says for `sanca doctor` where the memory is, whether it answers, and what waits for it. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sanca.core.errors import ConfigurationError, StoreError, StoreUnavailableError
from sanca.memory import MemorySettings
from sanca.memory.stores.outbox.waiting_writes import WaitingWrites


@dataclass(frozen=True)
class MemoryState:
    """How the memory stands."""

    works: bool
    detail: str
    mend: str = ""


async def memory_state(home: Path) -> MemoryState:
    """Look at the store that the settings name."""
    settings = MemorySettings()
    if settings.store == "sqlite":
        path = home / settings.database_name
        size = f"{path.stat().st_size / 1_000_000:,.1f} MB" if path.exists() else "will be made"
        return MemoryState(True, f"sqlite, {path.name} ({size})", "")
    waiting = await _waiting(home)
    try:
        where = await _elasticsearch_answers()
    except StoreUnavailableError as error:
        return MemoryState(False, f"{error}{waiting}", "Conversations go on; what is said is delivered later.")
    except (StoreError, ConfigurationError) as error:
        return MemoryState(False, f"{error}{waiting}", "See docs/guides/elasticsearch.md.")
    return MemoryState(True, f"elasticsearch at {where}{waiting}")


async def _elasticsearch_answers() -> str:
    from sanca.memory.stores.elasticsearch import elasticsearch_settings
    from sanca.memory.stores.elasticsearch.connection import Connection

    settings = elasticsearch_settings()
    connection = Connection(settings)
    await connection.open()
    await connection.close()
    return ", ".join(settings.urls)


async def _waiting(home: Path) -> str:
    """Return what waits for the store, as the end of a sentence."""
    path = home / "memory-waiting.db"
    if not path.exists():
        return ""
    waiting = WaitingWrites(path)
    await waiting.open()
    try:
        counts = {"wait": await waiting.count(), "were refused": await waiting.refused()}
    finally:
        await waiting.close()
    return "".join(f"; {count} writes {what}" for what, count in counts.items() if count)
