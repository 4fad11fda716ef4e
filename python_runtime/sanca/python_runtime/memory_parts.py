"""Makes the engine's memory out of the memory room's parts, over a store that somebody else opens. Decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from sanca.core.memory import Masker, Scope
from sanca.memory import MemorySettings, Store
from sanca.memory.care import make_masker
from sanca.memory.day_summaries import DaySummaries, OpenDays, Wording
from sanca.memory.embedders import make_embedder
from sanca.memory.knowledge import Judge, KnowledgeBase
from sanca.memory.memory import Memory
from sanca.memory.preferences import Preferences
from sanca.memory.retrieval import HybridRetriever


@dataclass(frozen=True)
class MemoryParts:
    """What an engine remembers by."""

    settings: MemorySettings
    memory: Memory
    knowledge: KnowledgeBase
    preferences: Preferences
    days: DaySummaries
    open_days: OpenDays
    zone: Callable[[Scope], Awaitable[tzinfo]]
    """Tells where a user's days begin."""
    own_words: Masker
    """For what is said in a session: secrets are taken out, what the next message may need stays."""


def make_memory_parts(
    settings: MemorySettings,
    home: Path,
    store: Store,
    *,
    wording: Wording | None = None,
    judge: Judge | None = None,
) -> MemoryParts:
    """Return the parts of an engine's memory; nothing is opened, loaded or asked.

    Args:
        settings: What is masked, recalled, kept.
        home: The state folder.
        store: Keeps everything; opened and closed by who made it.
        wording: Sums up conversations by a model; None: by rule.
        judge: Tells by a model where documents contradict each other; None: by rules alone.

    Raises:
        ConfigurationError: The settings do not fit together; says which.
        StoreError: The salt of masks cannot be used.
    """
    embedder = make_embedder(settings)
    memory = Memory(store, HybridRetriever(store, embedder), embedder, make_masker(settings, home))
    preferences = Preferences(memory)
    folder, zone = home / "memory", zone_of(preferences)
    return MemoryParts(
        settings=settings,
        memory=memory,
        knowledge=KnowledgeBase(memory, judge=judge),
        preferences=preferences,
        days=DaySummaries(memory, folder if _keeps_files(settings, store) else None, wording=wording),
        open_days=OpenDays(store, folder / "open_days.json", zone),
        zone=zone,
        own_words=make_masker(settings, home, own_words=True),
    )


def zone_of(preferences: Preferences) -> Callable[[Scope], Awaitable[tzinfo]]:
    """Return what tells a user's time zone: as the page told it last, else this machine's."""

    async def zone(scope: Scope) -> tzinfo:
        name = await preferences.time_zone(scope)
        return ZoneInfo(name) if name else datetime.now().astimezone().tzinfo or UTC

    return zone


def _keeps_files(settings: MemorySettings, store: Store) -> bool:
    """Whether days lie in files, too: not beside an Elasticsearch, nor beside a store that is encrypted."""
    is_encrypted = settings.encryption_key_file is not None or bool(settings.encryption_key_command)
    return store.name == "sqlite" and not is_encrypted
