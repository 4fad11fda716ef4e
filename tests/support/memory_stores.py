"""The stores that the contract suites of memory run against: each opened, empty, and closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sanca.memory import SqliteStore, Store

STORES = ["sqlite"]
"""The stores there are; a parameter of the fixtures that use `opened_store`."""


@asynccontextmanager
async def opened_store(name: str, folder: Path) -> AsyncIterator[Store]:
    """Yield an empty store of this name.

    Args:
        name: One of `STORES`.
        folder: Where it may keep files.
    """
    assert name == "sqlite", name
    store = SqliteStore(folder / "memory.db")
    await store.open()
    try:
        yield store
    finally:
        await store.close()
