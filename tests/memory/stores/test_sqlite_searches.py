"""Searches of the embedded store among many records: as exact as looking at all, and up to date whoever wrote."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator
from math import log
from pathlib import Path

import anyio
import numpy as np
import pytest
from numpy.typing import NDArray
from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.memory import SqliteStore
from sanca.memory.stores.sqlite import mirror, writing
from sanca.memory.stores.sqlite.upkeep import check

pytestmark = pytest.mark.anyio

SCOPE = Scope(tenant="t", user="u")
ALL = RecordFilter()
MODEL = "model"
RECORDS, WORDS, DIMENSIONS, TOP = 6_000, 800, 128, 10


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


class Filled:
    """A store with many records, and what they are made of."""

    def __init__(self, store: SqliteStore) -> None:
        random = np.random.default_rng(5)
        chances = 1 / np.arange(1, WORDS + 1)
        words = random.choice(WORDS, (RECORDS, 12), p=chances / chances.sum())
        self.store = store
        self.texts = [" ".join(f"w{word}" for word in row[: 3 + n % 10]) for n, row in enumerate(words)]
        vectors = random.normal(size=(RECORDS, DIMENSIONS)) + 2 * random.normal(size=(40, DIMENSIONS))[words[:, 0] % 40]
        self.vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def record(self, number: int) -> MemoryRecord:
        return MemoryRecord(
            tenant="t", user="u", session_id=f"s{number % 3}", layer="message", id=str(number), text=self.texts[number],
            speaker=("Ann", "bob", "李雷")[number // 7 % 3], time=f"2026-{1 + number * 12 // RECORDS:02}-10T00:00:00Z",
        )  # fmt: skip

    def bm25(self, terms: dict[str, float]) -> NDArray[np.float64]:
        counts = [Counter(split_terms(text)) for text in self.texts]
        lengths = np.array([count.total() for count in counts])
        scores = np.zeros(RECORDS)
        for term, weight in terms.items():
            often = np.array([count[term] for count in counts])
            having = (often > 0).sum()
            rarity = log(1 + (RECORDS - having + 0.5) / (having + 0.5))
            scores += weight * rarity * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
        return scores


def split_terms(text: str) -> list[str]:
    """As `index_terms` parts letters and digits."""
    return [part for word in text.split() for part in ("w", word[1:])]


@pytest.fixture(scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    store = SqliteStore(tmp_path_factory.mktemp("searches") / "memory.db")
    await store.open()
    made = Filled(store)
    records = [made.record(number) for number in range(RECORDS)]
    for start in range(0, RECORDS, 1_000):
        await store.put(records[start : start + 1_000], made.vectors[start : start + 1_000], MODEL)
    yield made
    await store.close()


FILTERS = [
    ALL, RecordFilter(speakers=("ANN",)), RecordFilter(since="2026-03-01T00:00:00Z", until="2026-11-01T00:00:00Z"),
    RecordFilter(not_session_ids=("s0", "s1")), RecordFilter(session_ids=("s1",)),
    RecordFilter(session_ids=("s0", "s1")),
    RecordFilter(session_ids=("s0", "s1", "s2")), RecordFilter(until="2026-02-01T00:00:00Z", speakers=("李雷",)),
]  # fmt: skip


def left_in(number: int, which: RecordFilter, filled: Filled) -> bool:
    record = filled.record(number)
    speakers = [name.casefold() for name in which.speakers]
    return (
        (not which.session_ids or record.session_id in which.session_ids)
        and record.session_id not in which.not_session_ids
        and (not speakers or record.speaker.casefold() in speakers)
        and (not which.since or record.time >= which.since)
        and (not which.until or record.time < which.until)
    )


@pytest.mark.parametrize("which", FILTERS, ids=lambda which: which.model_dump_json(exclude_defaults=True))
async def test_nearest_by_signs_are_the_nearest_of_all(filled: Filled, which: RecordFilter) -> None:
    random = np.random.default_rng(3)
    allowed = np.array([left_in(number, which, filled) for number in range(RECORDS)])
    shares = []
    for _ in range(12):
        query = filled.vectors[random.integers(RECORDS)] + random.normal(size=DIMENSIONS).astype(np.float32) * 0.05
        query /= np.linalg.norm(query)
        best = np.argsort(-np.where(allowed, filled.vectors @ query, -2))[:TOP]
        found = await filled.store.nearest(SCOPE, query.astype(np.float32), MODEL, which, TOP)
        assert all(allowed[int(hit.record.id)] for hit in found)
        shares.append(len({int(hit.record.id) for hit in found} & set(best.tolist())) / TOP)
    assert np.mean(shares) >= 0.95


async def test_words_find_the_best_of_all(filled: Filled) -> None:
    random = np.random.default_rng(4)
    shares = []
    for _ in range(15):
        terms = {str(number): 1.0 for number in random.integers(0, WORDS, 4)} | {"w": 0.1}
        scores = filled.bm25(terms)
        found = await filled.store.lexical(SCOPE, list(terms.items()), ALL, TOP)
        least = np.sort(scores)[-TOP]
        shares.append(np.mean([scores[int(hit.record.id)] >= least - 1e-3 for hit in found]))
        assert [hit.score for hit in found] == pytest.approx([scores[int(hit.record.id)] for hit in found], rel=1e-3)
    assert np.mean(shares) >= 0.95


@pytest.mark.parametrize("which", FILTERS, ids=lambda which: which.model_dump_json(exclude_defaults=True))
async def test_words_find_only_what_the_filter_leaves_in(filled: Filled, which: RecordFilter) -> None:
    found = await filled.store.lexical(SCOPE, [("5", 1.0), ("17", 1.0)], which, 50)
    assert found
    assert all(left_in(int(hit.record.id), which, filled) for hit in found)


async def test_word_of_all_records_finds_the_newest(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanca.memory.stores.sqlite.wide.POSTINGS", 500)
    found = await filled.store.lexical(SCOPE, [("w", 1.0)], ALL, TOP)
    assert len(found) == TOP
    assert all(int(hit.record.id) >= RECORDS - 500 for hit in found)


async def store_at(path: Path) -> SqliteStore:
    store = SqliteStore(path)
    await store.open()
    return store


def said(number: int, text: str = "pool") -> MemoryRecord:
    return MemoryRecord(tenant="t", user="u", session_id="s", layer="message", id=f"m{number}", text=text)


def axis(number: int) -> NDArray[np.float32]:
    made: NDArray[np.float32] = np.eye(64, dtype=np.float32)[number]
    return made


async def seen(store: SqliteStore, which: RecordFilter) -> tuple[set[str], set[str]]:
    lexical = await store.lexical(SCOPE, [("pool", 1.0)], which, 100)
    near = await store.nearest(SCOPE, axis(1), MODEL, which, 100)
    return {hit.record.id for hit in lexical}, {hit.record.id for hit in near if hit.score > 0.5}


@pytest.mark.parametrize("which", [ALL, RecordFilter(session_ids=("s",))], ids=["all", "session"])
async def test_what_another_wrote_edited_or_forgot_is_seen_at_once(tmp_path: Path, which: RecordFilter) -> None:
    mine, other = await store_at(tmp_path / "memory.db"), await store_at(tmp_path / "memory.db")
    await other.put([said(1), said(2)], np.stack([axis(1), axis(1)]), MODEL)
    assert await seen(mine, which) == ({"m1", "m2"}, {"m1", "m2"})
    await other.put([said(3)], axis(1)[None], MODEL)
    assert await seen(mine, which) == ({"m1", "m2", "m3"}, {"m1", "m2", "m3"})
    await other.put([said(1, "edited")])
    assert await seen(mine, which) == ({"m2", "m3"}, {"m2", "m3"})
    await other.set_vectors(await other.get(SCOPE, [said(1).key]), axis(1)[None], MODEL)
    assert await seen(mine, which) == ({"m2", "m3"}, {"m1", "m2", "m3"})
    await other.delete(SCOPE, RecordFilter(ids=("m2",)))
    assert await seen(mine, which) == ({"m3"}, {"m1", "m3"})
    await other.put([said(4)], axis(1)[None], MODEL)
    assert await seen(mine, which) == ({"m3", "m4"}, {"m1", "m3", "m4"})
    for store in (mine, other):
        await store.close()


async def test_more_changes_than_are_kept_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_KEPT_CHANGES", 40)
    store = await store_at(tmp_path / "memory.db")
    await store.put([said(1)], axis(1)[None], MODEL)
    assert await seen(store, ALL) == ({"m1"}, {"m1"})
    for number in range(2, 120):
        await store.put([said(number)], axis(1)[None], MODEL)
    found, near = await seen(store, ALL)
    assert len(found) == len(near) == 100
    kept = await store._database.read(lambda one: one.execute("SELECT count(*) FROM changes").fetchone()[0])
    assert kept <= 50
    await store.close()


async def test_forgetting_very_many_at_once_is_seen_by_others(tmp_path: Path) -> None:
    mine, other = await store_at(tmp_path / "memory.db"), await store_at(tmp_path / "memory.db")
    many = [said(number) for number in range(1_500)]
    await other.put([*many, MemoryRecord(tenant="t", user="u", layer="preference", id="p", text="pool")])
    assert len(await mine.lexical(SCOPE, [("pool", 1.0)], ALL, 2_000)) == 1_501
    assert await other.delete(SCOPE, RecordFilter(layers=("message",))) == 1_500
    assert (await seen(mine, ALL))[0] == {"p"}
    assert (await seen(mine, RecordFilter(session_ids=("s",))))[0] == set()
    for store in (mine, other):
        await store.close()
    assert check(tmp_path / "memory.db").findings == ()


async def test_memory_held_for_searches_is_bounded(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_BLOCK_RECORDS", 2_500)
    monkeypatch.setattr(mirror, "_COLUMN_BYTES", 1)
    for session in ("s0", "s1", "s2", "s0"):
        await filled.store.lexical(SCOPE, [("w", 1.0)], RecordFilter(session_ids=(session,)), 1)
    held = filled.store._mirror
    assert held is not None
    assert len(held._blocks) == 1
    await filled.store.put([MemoryRecord(tenant="t2", user="v", layer="preference", id="p", text="w")])
    await filled.store.lexical(Scope(tenant="t2", user="v"), [("w", 1.0)], ALL, 1)
    await filled.store.lexical(SCOPE, [("w", 1.0)], ALL, 1)
    assert len(held._columns) == 1


async def test_vector_of_another_length_is_refused(filled: Filled) -> None:
    with pytest.raises(StoreError, match="128 dimensions"):
        await filled.store.nearest(SCOPE, axis(1), MODEL, ALL, 5)


async def test_slow_search_holds_up_neither_another_nor_a_write(tmp_path: Path) -> None:
    store = await store_at(tmp_path / "memory.db")
    began, may_end = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT count(*) FROM records").fetchone()
        began.set()
        assert may_end.wait(20)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(store._database.read, slow)
            await anyio.to_thread.run_sync(began.wait)
            await store.put([said(1)], axis(1)[None], MODEL)
            assert await seen(store, ALL) == ({"m1"}, {"m1"})
            may_end.set()
    await store.close()


async def test_writes_that_wait_share_one_flush(tmp_path: Path) -> None:
    store = await store_at(tmp_path / "memory.db")
    statements: list[str] = []
    await store._database.write(lambda one: one.set_trace_callback(statements.append))
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(store.put, [said(number)])
    commits = sum(statement == "COMMIT" for statement in statements)
    assert commits <= 25
    assert len(await store.lexical(SCOPE, [("pool", 1.0)], ALL, 100)) == 50
    await store.close()


async def test_failed_write_of_a_shared_flush_takes_no_other_with_it(tmp_path: Path) -> None:
    store = await store_at(tmp_path / "memory.db")
    failed: list[int] = []

    async def write(number: int) -> None:
        try:
            await store.put([said(number), said(1_000 + number).model_copy(update={"revision": number % 2})])
        except StoreError:
            failed.append(number)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(write, number)
    assert sorted(failed) == list(range(1, 20, 2))
    found = await store.lexical(SCOPE, [("pool", 1.0)], ALL, 100)
    assert {hit.record.id for hit in found} == {f"m{n}" for n in range(0, 20, 2)} | {
        f"m{1_000 + n}" for n in range(0, 20, 2)
    }
    await store.close()
