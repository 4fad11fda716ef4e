"""The memory of the state folder, opened for one command; a running engine may use the same store meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sanca.core.home import ensure_home, find_home
from sanca.memory import MemorySettings
from sanca.memory.care import make_masker
from sanca.memory.embedders import make_embedder
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever
from sanca.memory.stores import Store, open_store


@asynccontextmanager
async def open_memory() -> AsyncIterator[tuple[Store, Memory]]:
    """Open store and memory for as long as the block lasts.

    Raises:
        StoreError: The store cannot be opened; says why.
    """
    settings, home = MemorySettings(), ensure_home(find_home())
    store, embedder = open_store(settings, home), make_embedder(settings)
    masker = make_masker(settings, home, own_words=True)
    await store.open()
    try:
        yield store, Memory(store, HybridRetriever(store, embedder), embedder, masker)
    finally:
        await store.close()
