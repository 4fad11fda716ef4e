"""Records get the vectors they lack, on the real store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import numpy as np
import pytest
from memory_box import ADA, memory_in
from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter
from sanca.memory.embedders import CatchingUp, StaticEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sanca.core.memory import Vectors


def record(number: int, text: str = "") -> MemoryRecord:
    """Return a message."""
    return MemoryRecord(
        tenant="acme", user="ada", session_id="s", layer="message", id=f"m{number}", text=text or f"message {number}"
    )


class OtherModel(StaticEmbedder):
    """The same vectors under another name, that fails at will."""

    failing_after = 10_000

    @property
    def name(self) -> str:
        """Another model's."""
        return "other-1"

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        """Return the static vectors, until it fails."""
        if self.failing_after <= 0:
            raise StoreUnavailableError("The endpoint is away.")
        self.failing_after -= 1
        return await super().embed(texts)


@pytest.mark.anyio
async def test_records_are_embedded_anew_when_the_embedder_changes(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (store, memory):
        await memory.add([record(number) for number in range(150)])
        other = OtherModel()
        with anyio.fail_after(30):
            assert await CatchingUp(store, other, share_of_time=1).run_once() == 150
        assert await store.without_vectors(other.name, 10) == []
        vector = (await other.embed(["message 77"]))[0]
        near = await store.nearest(ADA, vector, other.name, RecordFilter(), 1)
        assert near[0].record.id == "m77"


@pytest.mark.anyio
async def test_an_edited_text_gets_a_new_vector(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (store, memory):
        await memory.add([record(0, "the cat sleeps"), record(1, "rain in the morning")])
        await store.put([record(0, "the database pool is exhausted")])
        with anyio.fail_after(30):
            assert await CatchingUp(store, memory.embedder, share_of_time=1).run_once() == 1
        vector = (await memory.embedder.embed(["database pool"]))[0]
        near = await store.nearest(ADA, np.asarray(vector), memory.embedder.name, RecordFilter(), 1)
        assert near[0].record.id == "m0"


@pytest.mark.anyio
async def test_it_goes_on_where_a_lost_endpoint_stopped_it(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as (store, memory):
        await memory.add([record(number) for number in range(150)])
        other = OtherModel()
        other.failing_after = 1
        catching_up = CatchingUp(store, other, share_of_time=1)
        with anyio.fail_after(30):
            with pytest.raises(StoreUnavailableError):
                await catching_up.run_once()
            left = len(await store.without_vectors(other.name, 1_000))
            assert 0 < left < 150
            other.failing_after = 10_000
            assert await catching_up.run_once() == left
