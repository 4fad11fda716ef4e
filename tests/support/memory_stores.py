"""The stores that the contract suites of memory run against: each opened, empty, and closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import elasticsearch_node
import pytest
from sanca.memory import SqliteStore, Store

STORES = ["sqlite", "elasticsearch"]
"""The stores there are; a parameter of the fixtures that use `opened_store`."""


@asynccontextmanager
async def opened_store(name: str, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Yield an empty store of this name.

    Args:
        name: One of `STORES`.
        folder: Where it may keep files.
        request: Of the fixture that asks; gives the Elasticsearch node where one is needed.
    """
    if name == "elasticsearch":
        async with elasticsearch_node.opened_store(request.getfixturevalue("elasticsearch_node").url) as remote:
            yield remote
        return
    store = SqliteStore(folder / "memory.db")
    await store.open()
    try:
        yield store
    finally:
        await store.close()
