"""A book of experiences on the real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from experience_runs import Teacher
from sanca.memory import MemorySettings, open_store
from sanca.memory.care import make_masker
from sanca.memory.embedders import make_embedder
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def teacher(tmp_path: Path) -> AsyncIterator[Teacher]:
    """Open one on a store in a folder of its own."""
    settings = MemorySettings()
    store, embedder = open_store(settings, tmp_path), make_embedder(settings)
    await store.open()
    try:
        yield Teacher(tmp_path, Memory(store, HybridRetriever(store, embedder), embedder, make_masker(settings)))
    finally:
        await store.close()
