"""A writer killed with SIGKILL at random points: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import memory_writer
import numpy as np
import pytest
from memory_writer import BATCH, MODEL, SCOPE, record_of, text_of, vector_of
from sanca.core.memory import MemoryRecord, RecordFilter
from sanca.memory import Store
from sanca.memory.stores.sqlite.upkeep import check
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio

WRITER = Path(memory_writer.__file__)
STORES = ["sqlite"]
SOON, LATE = 1, 120
"""A writer is killed after so many acknowledgements, at whatever it is doing then."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A store's name and where it is."""
    return request.param, str(tmp_path / "memory.db")


def killed(store: str, place: str, front: str, after: int) -> list[tuple[str, str]]:
    """Start a writer, kill it after so many acknowledgements, and return all that it gave."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), store, place, front], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith("\n")]
    assert len(whole) >= after
    return [(what, name) for what, name in whole]


async def everything(store: Store) -> dict[str, MemoryRecord]:
    return {one.id: one async for page, _ in store.scan(SCOPE, RecordFilter()) for one in page}


def require_acknowledged(kept: dict[str, MemoryRecord], told: list[tuple[str, str]]) -> None:
    """All that was told to be kept is kept, as it was told."""
    facts = defaultdict(set)
    for what, name in told:
        facts[what].add(name)
    for name in facts["message"]:
        assert kept[name].text == text_of(name)
    for batch in facts["batch"]:
        names = [f"{batch}-{part}" for part in range(BATCH)]
        assert [kept[name].text for name in names] == [text_of(name) for name in names]
    going = [name.partition("-")[0] for name in facts["edited"] - facts["deleted"] if name not in kept]
    assert len(set(going)) == len(going), "of each writer one may have been on its way to be deleted"
    for name in facts["edited"] & kept.keys():
        assert kept[name].text == text_of(name, edited=True)
    assert not facts["deleted"] & kept.keys()


def require_no_halves(kept: dict[str, MemoryRecord]) -> None:
    """A batch is there or not, and positions are taken once."""
    parts = defaultdict(set)
    for name in kept:
        if "-b" in name:
            batch, _, part = name.rpartition("-")
            parts[batch].add(part)
    assert all(len(found) == BATCH for found in parts.values())
    positions = [one.position for one in kept.values()]
    assert len(set(positions)) == len(positions)


async def require_found(store: Store, kept: dict[str, MemoryRecord], names: list[str]) -> None:
    """Terms and vectors lead to the records, and those of what went lead nowhere."""
    for name in names:
        asked = [(term, 1.0) for term in index_terms(text_of(name).split()[-1])]
        found = await store.lexical(SCOPE, asked, RecordFilter(ids=(name,)), 3)
        assert [hit.record.id for hit in found] == ([name] if name in kept else [])
        near = await store.nearest(SCOPE, vector_of(name), MODEL, RecordFilter(ids=(name,)), 1)
        has_vector = name in kept and "-b" in name
        assert not has_vector or near[0].score == pytest.approx(1.0, abs=0.02)
        if name in kept and kept[name].text == text_of(name, edited=True):
            assert near == []


async def _kill_and_look(place: tuple[str, str], kills: int, seed: int) -> None:
    store_name, where = place
    chance = np.random.default_rng(seed)
    told: list[tuple[str, str]] = []
    for number in range(kills):
        new = killed(store_name, where, f"r{seed}k{number}", int(chance.integers(SOON, LATE)))
        told += new
        if store_name == "sqlite" and number % 5 == 0:
            assert check(Path(where)).findings == ()
        store = memory_writer.opened(store_name, where)
        await store.open()
        kept = await everything(store)
        require_acknowledged(kept, told)
        require_no_halves(kept)
        names = [name if what != "batch" else f"{name}-0" for what, name in new[-6:]]
        await require_found(store, kept, names)
        missing = {one.id for one in await store.without_vectors(MODEL, 100_000)}
        assert missing == {name for name in kept if "-m" in name or kept[name].text == text_of(name, edited=True)}
        await store.close()
    if store_name == "sqlite":
        assert check(Path(where)).findings == ()


async def test_killed_writer_loses_nothing_that_it_acknowledged(place: tuple[str, str]) -> None:
    await _kill_and_look(place, kills=20, seed=1)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_writer_killed_two_hundred_times_loses_nothing_that_it_acknowledged(place: tuple[str, str]) -> None:
    await _kill_and_look(place, kills=200, seed=2)


async def test_vector_of_a_writer_is_what_it_says(tmp_path: Path) -> None:
    store = memory_writer.opened("sqlite", str(tmp_path / "memory.db"))
    await store.open()
    await store.put([record_of("a"), record_of("b")], np.stack([vector_of("a"), vector_of("b")]), MODEL)
    assert [hit.record.id for hit in await store.nearest(SCOPE, vector_of("b"), MODEL, RecordFilter(), 1)] == ["b"]
    await store.close()
