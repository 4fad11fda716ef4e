"""Forgetting what is older than it may be kept, on each store there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from memory_stores import STORES, opened_store
from sanca.core.memory import Layer, MemoryRecord, RecordFilter
from sanca.core.messages import Message
from sanca.memory import Store
from sanca.memory.day_summaries import day_file
from sanca.memory.stores.retention import Retention

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(request.param, tmp_path, request) as opened:
        yield opened


async def say(store: Store, user: str, id: str, time: str) -> None:
    await store.touch_session("acme", user, f"{user}-1")
    await store.add_message("acme", user, f"{user}-1", Message(id=id, role="user", content="x", created_at=time))


def kept(layer: Layer, id: str, day: str) -> MemoryRecord:
    return MemoryRecord(tenant="acme", user="ann", layer=layer, id=id, text="x", document=day, time=f"{day}T12:00:00Z")


async def ids(store: Store) -> set[str]:
    return {one.id async for page, _ in store.scan(None, RecordFilter()) for one in page}


async def test_old_messages_and_their_days_go_and_nothing_else(store: Store, tmp_path: Path) -> None:
    for user in ("ann", "bob"):
        await say(store, user, f"old-{user}", "2026-10-01T09:00:00+08:00")
        await say(store, user, f"new-{user}", "2026-11-20T09:00:00+08:00")
    await store.put([kept("summary", "day", "2026-10-01"), kept("summary", "later", "2026-11-20")])
    await store.put([kept("knowledge", "runbook", "2026-01-01"), kept("preference", "wish", "2026-01-01")])
    for day in ("2026-10-01", "2026-11-20"):
        day_file.write(day_file.path_of(tmp_path / "days", "acme", "ann", day), "# A day\n")
    retention = Retention(store, 30, tmp_path / "days")
    assert await retention.run_once(NOW) == 3
    assert await ids(store) == {"new-ann", "new-bob", "later", "runbook", "wish"}
    assert [path.stem for path in sorted((tmp_path / "days").rglob("*.md"))] == ["2026-11-20"]
    assert await retention.run_once(NOW) == 0


async def test_without_a_bound_everything_stays(store: Store) -> None:
    await say(store, "ann", "old", "2001-01-01T00:00:00Z")
    assert await Retention(store, 0, None).run_once(NOW) == 0
    assert await ids(store) == {"old"}
