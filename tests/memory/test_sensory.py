"""What a page showed is known for some minutes, and then no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_box import ADA, BOB, memory_in
from sanca.core.memory import RecordFilter
from sanca.memory.sensory import Seen, Sensory

pytestmark = pytest.mark.anyio


async def test_page_and_selections_are_known_for_a_while(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        sensory = Sensory(memory, minutes=30)
        await sensory.note(ADA, "s1", Seen("/fleet", "Fleet", "checkout 2,300 ms", "Europe/Berlin"))
        await sensory.note(ADA, "s1", Seen("/logs", "Logs", ""))
        await sensory.note(ADA, "s1", Seen("/logs", "Logs", "payment 502"))
        page = await sensory.page(ADA, "s1")
        assert page is not None and (page.url, page.title) == ("/logs", "Logs")
        assert [one["text"] for one in await sensory.selections(ADA, "s1")] == ["payment 502", "checkout 2,300 ms"]


async def test_nobody_else_and_no_other_session_knows_it(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        sensory = Sensory(memory, minutes=30)
        await sensory.note(ADA, "s1", Seen("/fleet", "Fleet", "checkout"))
        assert await sensory.page(BOB, "s1") is None
        assert await sensory.page(ADA, "s2") is None
        assert await sensory.selections(ADA, "s2") == []


async def test_what_is_too_old_is_gone(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        sensory = Sensory(memory, minutes=30)
        await sensory.note(ADA, "s1", Seen("/fleet", "Fleet", "checkout"))
        found = [one async for page, _ in memory.store.scan(ADA, RecordFilter(layers=("sensory",))) for one in page]
        assert {one.id for one in found} == {"page", "selection"}
        await memory.add([one.model_copy(update={"valid_until": "2026-01-01T00:00:00+00:00"}) for one in found])
        assert await sensory.page(ADA, "s1") is None
        assert await sensory.selections(ADA, "s1") == []
        assert await sensory.forget_expired() == 2


async def test_nothing_is_kept_where_it_is_switched_off(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (_, memory):
        sensory = Sensory(memory, minutes=0)
        await sensory.note(ADA, "s1", Seen("/fleet", "Fleet", "checkout"))
        assert await sensory.page(ADA, "s1") is None
