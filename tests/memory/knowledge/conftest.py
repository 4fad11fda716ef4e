"""A knowledge base over the real embedded store, retriever, embedder and masker, in a folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sanca.core.memory import Scope
from sanca.memory import MemorySettings, SqliteStore
from sanca.memory.care import make_masker
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.knowledge import KnowledgeBase
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever

SHOP = Scope(tenant="shop", user="alice")


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncIterator[Memory]:
    store, embedder = SqliteStore(tmp_path / "memory.db"), StaticEmbedder()
    await store.open()
    yield Memory(store, HybridRetriever(store, embedder), embedder, make_masker(MemorySettings()))
    await store.close()


@pytest.fixture
def knowledge(memory: Memory, clock: Clock) -> KnowledgeBase:
    return KnowledgeBase(memory, clock=clock)
