"""What every `RecordStore` must do; run against each there is. Scores themselves are their own affair."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from memory_stores import STORES, opened_store
from numpy.typing import NDArray
from sanca.core.errors import RecordConflictError, StoreError
from sanca.core.memory import Candidate, MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.core.messages import Message
from sanca.memory import Store
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio

ANN = Scope(tenant="acme", user="ann")
BOB = Scope(tenant="acme", user="bob")
OTHER_ANN = Scope(tenant="globex", user="ann")
ACME = Scope(tenant="acme", user="")
ALL = RecordFilter()
MODEL = "test-model@1"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened_store(request.param, tmp_path, request) as opened:
        yield opened


def record(id: str, text: str = "words of it", scope: Scope = ANN, **more: Any) -> MemoryRecord:
    """A message of session s1, unless said otherwise."""
    return MemoryRecord.model_validate(
        {"tenant": scope.tenant, "user": scope.user, "session_id": "s1", "layer": "message", "id": id, "text": text}
        | more
    )


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.array([*values, *([0.0] * (64 - len(values)))], np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def ids(found: Sequence[MemoryRecord] | Sequence[Candidate]) -> list[str]:
    return [one.record.id if isinstance(one, Candidate) else one.id for one in found]


async def found(store: Store, words: str, scope: Scope = ANN, which: RecordFilter = ALL, limit: int = 10) -> list[str]:
    return ids(await store.lexical(scope, [(term, 1.0) for term in index_terms(words)], which, limit))


async def near(
    store: Store, vector: NDArray[np.float32], scope: Scope = ANN, which: RecordFilter = ALL, limit: int = 10
) -> list[str]:
    return ids(await store.nearest(scope, vector, MODEL, which, limit))


async def scanned(store: Store, scope: Scope | None = ANN, which: RecordFilter = ALL, **how: Any) -> list[str]:
    return [one.id async for page, _ in store.scan(scope, which, **how) for one in page]


async def test_record_comes_back_as_it_went_in_with_times_and_revision(store: Store) -> None:
    new = record(
        "m1", "pool exhausted", title="T", speaker="user", time="2026-11-20T14:02:00+00:00", document="d", source="x:1",
        language="en", valid_until="2027-01-01T00:00:00+00:00", data={"role": "user", "深": [1, {"a": None}]},
    )  # fmt: skip
    await store.put([new])
    (kept,) = await store.get(ANN, [new.key])
    assert kept.created_at
    assert kept.created_at == kept.updated_at
    assert kept == new.model_copy(
        update={"created_at": kept.created_at, "updated_at": kept.updated_at, "revision": 1, "position": 1}
    )


async def test_put_again_replaces_and_counts_the_revision(store: Store) -> None:
    await store.put([record("m1", "first")])
    await store.put([record("m1", "second")])
    (kept,) = await store.get(ANN, [record("m1").key])
    assert (kept.text, kept.revision, kept.position) == ("second", 2, 1)
    assert await found(store, "first") == []
    assert await found(store, "second") == ["m1"]


async def test_count_is_by_layer_and_of_what_the_scope_sees(store: Store) -> None:
    await store.put([record("m1"), record("m2"), record("b1", scope=BOB), record("o1", scope=OTHER_ANN)])
    await store.put([record("k1", scope=ACME, layer="knowledge", session_id="", document="d")])
    assert await store.count(ANN, ALL) == {"message": 2, "knowledge": 1}
    assert await store.count(ANN, RecordFilter(layers=("message",), ids=("m2",))) == {"message": 1}
    assert await store.count(ANN, RecordFilter(own_only=True)) == {"message": 2}
    assert await store.count(Scope(tenant="nobody", user="ann"), ALL) == {}


async def test_put_of_an_older_revision_is_refused_and_keeps_nothing(store: Store) -> None:
    await store.put([record("m1", "first")])
    await store.put([record("m1", "second")])
    with pytest.raises(RecordConflictError, match="'m1'"):
        await store.put([record("m2", "beside"), record("m1", "late", revision=1)])
    assert [one.text for one in await store.get(ANN, [record("m1").key])] == ["second"]


async def test_put_of_the_kept_revision_replaces_it(store: Store) -> None:
    await store.put([record("m1", "first")])
    await store.put([record("m1", "second", revision=1)])
    assert [one.revision for one in await store.get(ANN, [record("m1").key])] == [2]


async def test_change_of_a_forgotten_record_is_refused(store: Store) -> None:
    await store.put([record("m1")])
    await store.delete(ANN, RecordFilter(ids=("m1",)))
    with pytest.raises(RecordConflictError):
        await store.put([record("m1", "late", revision=1)])
    assert await scanned(store) == []


async def test_put_of_nothing_is_nothing(store: Store) -> None:
    await store.put([])
    assert await scanned(store) == []


async def test_get_returns_those_there_are_in_the_order_asked(store: Store) -> None:
    await store.put([record(f"m{n}") for n in (1, 2, 3)])
    keys = [record(name).key for name in ("m3", "nope", "m1")]
    assert ids(await store.get(ANN, keys)) == ["m3", "m1"]


async def test_same_id_in_two_sessions_layers_and_users_is_several_records(store: Store) -> None:
    several = [
        record("x", "one"), record("x", "two", session_id="s2"),
        record("x", "three", session_id="", layer="preference"),
        record("x", "four", BOB), record("x", "five", ACME, session_id="", layer="preference"),
    ]  # fmt: skip
    await store.put(several)
    for one in several:
        scope = Scope(tenant=one.tenant, user=one.user)
        assert [kept.text for kept in await store.get(scope, [one.key])] == [one.text]


async def test_messages_are_numbered_in_the_order_they_come_a_session(store: Store) -> None:
    await store.put([record("a"), record("b", session_id="s2"), record("c")])
    await store.put([record("d")])
    kept = await store.get(ANN, [record("a").key, record("c").key, record("d").key])
    assert [one.position for one in kept] == [1, 2, 3]
    (alone,) = await store.get(ANN, [record("b", session_id="s2").key])
    assert alone.position == 1


async def test_message_of_the_session_store_is_a_record_and_the_reverse(store: Store) -> None:
    await store.touch_session("acme", "ann", "s1")
    await store.add_message("acme", "ann", "s1", Message(id="m1", role="user", content="the pool is full", run_id="r"))
    await store.put([record("m2", "add connections", speaker="assistant", data={"role": "assistant", "run_id": "r"})])
    assert await found(store, "pool") == ["m1"]
    messages = await store.messages("acme", "ann", "s1")
    assert [(one.id, one.role, one.content, one.run_id) for one in messages] == [
        ("m1", "user", "the pool is full", "r"), ("m2", "assistant", "add connections", "r"),
    ]  # fmt: skip


async def test_dropped_message_is_found_by_nobody(store: Store) -> None:
    await store.touch_session("acme", "ann", "s1")
    for number in (1, 2, 3):
        await store.add_message("acme", "ann", "s1", Message(id=f"m{number}", role="user", content=f"pool {number}"))
    await store.set_vectors(await store.without_vectors(MODEL, 10), np.stack([unit(1)] * 3), MODEL)
    await store.drop_messages_from("acme", "ann", "s1", "m2")
    assert await found(store, "pool") == ["m1"]
    assert await near(store, unit(1)) == ["m1"]
    assert await scanned(store) == ["m1"]
    assert await store.get(ANN, [record("m2").key]) == []
    assert await store.count(ANN, ALL) == {"message": 1}


async def test_deleted_session_takes_its_records_with_it(store: Store) -> None:
    await store.touch_session("acme", "ann", "s1")
    await store.put([record("m1", "pool"), record("page", "pool", layer="sensory"), record("m2", session_id="s2")])
    await store.delete_session("acme", "ann", "s1")
    assert await scanned(store) == ["m2"]
    assert await found(store, "pool") == []


@pytest.mark.parametrize("stranger", [BOB, OTHER_ANN, ACME, Scope(tenant="globex", user="")], ids=str)
async def test_strangers_see_nothing(store: Store, stranger: Scope) -> None:
    mine = record("m1", "pool exhausted")
    await store.put([mine], unit(1)[None], MODEL)
    assert await store.get(stranger, [mine.key]) == []
    assert await found(store, "pool", stranger) == []
    assert await near(store, unit(1), stranger) == []
    assert await scanned(store, stranger) == []
    assert await store.around(stranger, mine.key, 5, 5) == []
    assert await store.count(stranger, ALL) == {}
    assert await store.delete(stranger, ALL) == 0
    assert ids(await store.get(ANN, [mine.key])) == ["m1"]


async def test_what_belongs_to_the_tenant_is_seen_by_its_users_and_forgotten_by_none_of_them(store: Store) -> None:
    shared = record("k#1", "pool sizes", ACME, session_id="", layer="knowledge", document="k")
    await store.put([shared, record("m1", "pool of mine")], np.stack([unit(1), unit(1, 1)]), MODEL)
    for scope, seen in ((ANN, {"k#1", "m1"}), (BOB, {"k#1"}), (ACME, {"k#1"}), (OTHER_ANN, set())):
        assert set(await found(store, "pool", scope)) == seen
        assert set(await near(store, unit(1), scope)) == seen
        assert set(await scanned(store, scope)) == seen
        assert ids(await store.get(scope, [shared.key])) == (["k#1"] if seen else [])
    assert await store.delete(BOB, ALL) == 0
    assert await store.delete(ANN, ALL) == 1
    assert await scanned(store, BOB) == ["k#1"]
    assert await store.delete(ACME, ALL) == 1


async def test_tenants_forgetting_leaves_its_users_records(store: Store) -> None:
    await store.put([record("m1"), record("k", scope=ACME, session_id="", layer="knowledge")])
    assert await store.delete(ACME, ALL) == 1
    assert await scanned(store) == ["m1"]


async def test_own_only_leaves_out_the_tenants(store: Store) -> None:
    await store.put([record("m1", "pool"), record("k", "pool", ACME, session_id="", layer="knowledge")])
    assert await found(store, "pool", which=RecordFilter(own_only=True)) == ["m1"]
    assert await scanned(store, which=RecordFilter(own_only=True)) == ["m1"]


async def test_other_tenants_words_do_not_move_scores(store: Store) -> None:
    await store.put([record("m1", "pool alpha"), record("m2", "gamma alpha delta")])
    terms = [("pool", 1.0), ("alpha", 1.0)]
    before = [(one.record.id, round(one.score, 4)) for one in await store.lexical(ANN, terms, ALL, 5)]
    await store.put([record(f"x{n}", "pool pool", OTHER_ANN) for n in range(30)])
    after = [one.record.id for one in await store.lexical(ANN, terms, ALL, 5)]
    assert [name for name, _ in before] == after


FILTERED = [
    record("m1", "pool one", speaker="Ann", time="2026-11-20T10:00:00+00:00"),
    record("m2", "pool two", speaker="bob", time="2026-11-21T10:00:00+08:00"),
    record("m3", "pool three", session_id="s2", speaker="ann", time="2026-11-22T10:00:00+00:00"),
    record("d1", "pool four", session_id="", layer="knowledge", document="run.md", position=1),
    record("p1", "pool five", session_id="", layer="preference"),
]
FILTERS = [
    (RecordFilter(layers=("knowledge", "preference")), {"d1", "p1"}),
    (RecordFilter(session_ids=("s1",)), {"m1", "m2"}),
    (RecordFilter(session_ids=("s1", "s2")), {"m1", "m2", "m3"}),
    (RecordFilter(session_ids=("none",)), set()),
    (RecordFilter(not_session_ids=("s1",)), {"m3", "d1", "p1"}),
    (RecordFilter(speakers=("ANN",)), {"m1", "m3"}),
    (RecordFilter(documents=("run.md",)), {"d1"}),
    (RecordFilter(ids=("m1", "p1")), {"m1", "p1"}),
    (RecordFilter(since="2026-11-21T02:00:00+00:00"), {"m2", "m3"}),
    (RecordFilter(until="2026-11-21T02:00:00+00:00"), {"m1"}),
    (RecordFilter(since="2026-11-21T00:00:00Z", until="2026-11-22T00:00:00Z"), {"m2"}),
    (RecordFilter(layers=("message",), speakers=("ann",), not_session_ids=("s2",)), {"m1"}),
    (RecordFilter(session_ids=("s1",), speakers=("bob",), since="2026-11-01T00:00:00Z"), {"m2"}),
    (RecordFilter(session_ids=("s1",), ids=("m2", "m3")), {"m2"}),
    (RecordFilter(session_ids=("s1",), layers=("knowledge",)), set()),
]


@pytest.mark.parametrize(
    ("which", "left"),
    FILTERS,
    ids=[
        ", ".join(which.model_dump(exclude_defaults=True)) + f" {number}" for number, (which, _) in enumerate(FILTERS)
    ],
)
async def test_filter_means_the_same_to_every_method(store: Store, which: RecordFilter, left: set[str]) -> None:
    vectors = np.stack([unit(1, number) for number in range(len(FILTERED))])
    await store.put(FILTERED, vectors, MODEL)
    await store.put([record("x", "pool", BOB, speaker="ann", time="2026-11-21T10:00:00Z", document="run.md")])
    assert set(await found(store, "pool", which=which)) == left
    assert set(await near(store, unit(1), which=which)) == left
    assert set(await scanned(store, which=which)) == left
    assert sum((await store.count(ANN, which)).values()) == len(left)
    assert await store.delete(ANN, which) == len(left)
    assert set(await scanned(store)) == {one.id for one in FILTERED} - left


@pytest.mark.parametrize("which", [RecordFilter(since="yesterday"), RecordFilter(until="soon")], ids=["since", "until"])
async def test_time_that_is_none_is_refused_by_name(store: Store, which: RecordFilter) -> None:
    with pytest.raises(StoreError, match=r"yesterday|soon"):
        await scanned(store, which=which)


async def test_scan_goes_on_from_its_mark_in_the_order_first_kept(store: Store) -> None:
    for number in range(7):
        await store.put([record(f"m{number}")])
    await store.put([record("m0", "edited, and still the first")])
    first, mark = await anext(aiter(store.scan(ANN, ALL, page=3)))
    assert ids(first) == ["m0", "m1", "m2"]
    await store.put([record("m7")])
    assert await scanned(store, after=mark, page=2) == ["m3", "m4", "m5", "m6", "m7"]
    newest, mark = await anext(aiter(store.scan(ANN, ALL, newest_first=True, page=3)))
    assert ids(newest) == ["m7", "m6", "m5"]
    assert await scanned(store, newest_first=True, after=mark) == ["m4", "m3", "m2", "m1", "m0"]


async def test_scan_of_no_scope_is_everything(store: Store) -> None:
    await store.put([record("a"), record("b", scope=BOB), record("c", scope=OTHER_ANN), record("d", scope=ACME)])
    assert sorted(await scanned(store, None)) == ["a", "b", "c", "d"]
    assert await scanned(store, None, RecordFilter(layers=("knowledge",))) == []


async def test_around_gives_the_neighbours_in_a_session_and_in_a_document(store: Store) -> None:
    await store.put([record(f"m{n}") for n in range(6)] + [record("else", session_id="s2")])
    assert ids(await store.around(ANN, record("m2").key, 1, 2)) == ["m1", "m2", "m3", "m4"]
    assert ids(await store.around(ANN, record("m0").key, 3, 0)) == ["m0"]
    pieces = [
        record(f"d#{n}", scope=ACME, session_id="", layer="knowledge", document="d", position=n) for n in (1, 2, 3)
    ]
    await store.put([*pieces, record("e#1", scope=ACME, session_id="", layer="knowledge", document="e", position=2)])
    assert ids(await store.around(ANN, pieces[1].key, 1, 1)) == ["d#1", "d#2", "d#3"]
    assert await store.around(ANN, record("nope").key, 1, 1) == []


async def test_lexical_puts_the_rarer_and_the_heavier_term_first(store: Store) -> None:
    texts = {"a": "pool", "b": "pool latency", "c": "pool", "d": "pool", "e": "cache"}
    await store.put([record(name, text) for name, text in texts.items()])
    assert (await found(store, "pool latency"))[0] == "b"
    heavy = await store.lexical(ANN, [("latency", 1.0), ("cache", 9.0)], ALL, 10)
    assert ids(heavy) == ["e", "b"]
    assert heavy[0].score > heavy[1].score > 0
    assert len(await found(store, "pool", limit=2)) == 2
    assert await found(store, "unheard") == []
    assert await store.lexical(ANN, [], ALL, 10) == []


async def test_title_is_searched_with_the_text(store: Store) -> None:
    await store.put([record("m1", "what to do", title="Payment pool")])
    assert await found(store, "payment") == ["m1"]


async def test_nearest_goes_by_cosine_and_by_the_embedder(store: Store) -> None:
    await store.put([record("a"), record("b")], np.stack([unit(1, 0.2), unit(0, 1)]), MODEL)
    await store.put([record("c")], np.stack([np.ones(8, np.float32) / np.sqrt(8)]).astype(np.float32), "other-model")
    await store.put([record("d")])
    hits = await store.nearest(ANN, unit(1), MODEL, ALL, 10)
    assert ids(hits)[0] == "a"
    assert "c" not in ids(hits)
    assert "d" not in ids(hits)
    assert hits[0].score == pytest.approx(float(unit(1) @ unit(1, 0.2)), abs=0.02)
    assert await store.nearest(ANN, unit(1), "unheard", ALL, 10) == []
    assert len(await near(store, unit(1), limit=1)) == 1


async def test_edited_text_loses_its_vector_and_the_same_text_keeps_it(store: Store) -> None:
    await store.put([record("m1", "first"), record("m2", "stays")], np.stack([unit(1), unit(1)]), MODEL)
    await store.put([record("m1", "edited"), record("m2", "stays", speaker="user")])
    assert await near(store, unit(1)) == ["m2"]
    assert ids(await store.without_vectors(MODEL, 10)) == ["m1"]


async def test_vectors_given_later_are_found_and_those_of_changed_records_left_out(store: Store) -> None:
    await store.put([record("m1", "one"), record("m2", "two"), record("m3", "three", OTHER_ANN)])
    missing = sorted(await store.without_vectors(MODEL, 10), key=lambda one: one.id)
    assert ids(missing) == ["m1", "m2", "m3"]
    assert len(await store.without_vectors(MODEL, 2)) == 2
    await store.put([record("m2", "changed meanwhile")])
    await store.delete(OTHER_ANN, ALL)
    await store.set_vectors(missing, np.stack([unit(1), unit(0, 1), unit(0, 0, 1)]), MODEL)
    assert await near(store, unit(1)) == ["m1"]
    assert ids(await store.without_vectors(MODEL, 10)) == ["m2"]
    assert sorted(ids(await store.without_vectors("newer-model", 10))) == ["m1", "m2"]


async def test_forgotten_record_leaves_neither_terms_nor_vector(store: Store) -> None:
    await store.put([record("m1", "pool"), record("m2", "pool")], np.stack([unit(1), unit(1, 1)]), MODEL)
    assert await found(store, "pool", limit=1) != []
    assert await store.delete(ANN, RecordFilter(ids=("m1",))) == 1
    assert await found(store, "pool") == ["m2"]
    assert await near(store, unit(1)) == ["m2"]
    await store.put([record("m1", "quite another thing")])
    assert await near(store, unit(1)) == ["m2"]
    assert await found(store, "pool") == ["m2"]


async def test_chinese_is_found_by_its_words(store: Store) -> None:
    await store.put(
        [record("m1", "支付服务的连接池满了"), record("m2", "昨天部署了订单服务"), record("m3", "pool is full")]
    )
    assert (await found(store, "连接池为什么满了"))[0] == "m1"
    assert await found(store, "部署") == ["m2"]


ODD = [
    "a b", "a/b?c=d&e#f", "x' OR '1'='1", '"quoted"', "*", "%_", "..", "名字", "émoji 🐍", "a\\b", "A", "NEAR(a b)",
    "m" * 512, "null", "-1", "a:b|c\tz",
]  # fmt: skip


async def test_odd_ids_sessions_and_speakers_name_what_they_name(store: Store) -> None:
    several = [record(odd, f"pool {n}", session_id=odd, speaker=odd[:40]) for n, odd in enumerate(ODD)]
    await store.put(several)
    for number, one in enumerate(several):
        assert [kept.text for kept in await store.get(ANN, [one.key])] == [f"pool {number}"]
        assert await found(store, "pool", which=RecordFilter(session_ids=(one.session_id,))) == [one.id]
        assert one.id in await scanned(store, which=RecordFilter(speakers=(one.speaker,)))
    assert await store.delete(ANN, RecordFilter(ids=("*",))) == 1
    assert len(await scanned(store)) == len(ODD) - 1


@pytest.mark.parametrize(
    "scope", [Scope(tenant="*", user="*"), Scope(tenant="acme%", user="ann"), Scope(tenant="", user="")]
)
async def test_scope_is_no_pattern(store: Store, scope: Scope) -> None:
    await store.put([record("m1", "pool"), record("k", "pool", ACME, session_id="", layer="knowledge")])
    assert await found(store, "pool", scope) == []
    assert await scanned(store, scope) == []


async def test_odd_terms_are_words_and_no_query(store: Store) -> None:
    await store.put([record("m1", "pool and or not near 7")])
    for term in ('"', "pool OR x", "*", "NEAR(", "a:b", "-", "", "pool*", "中" * 2000):
        assert await store.lexical(ANN, [(term, 1.0)], ALL, 10) == []
    assert await found(store, "AND or NOT near") == ["m1"]


async def test_longest_text_is_kept_and_found(store: Store) -> None:
    text = ("pool " * 39_990 + "needle at the end 末尾的针")[:200_000]
    await store.put([record("m1", text), record("m2", "short")])
    (kept,) = await store.get(ANN, [record("m1").key])
    assert kept.text == text
    assert await found(store, "needle") == ["m1"]


async def test_data_beyond_its_bound_are_refused_by_name(store: Store) -> None:
    with pytest.raises(StoreError, match="'m1'"):
        await store.put([record("m2"), record("m1", data={"x": "y" * 70_000})])
    assert await scanned(store) == []


async def test_half_a_character_is_refused_by_name(store: Store) -> None:
    with pytest.raises(StoreError, match="'m1'"):
        await store.put([record("m1", data={"broken": "\ud800"})])


async def test_vectors_without_embedder_or_of_another_number_are_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.put([record("m1")], unit(1)[None])
    with pytest.raises(StoreError):
        await store.put([record("m1")], np.stack([unit(1), unit(1)]), MODEL)
    assert await scanned(store) == []


async def test_many_tasks_write_and_search_at_once(store: Store) -> None:
    async def write(number: int) -> None:
        await store.put([record(f"m{number}", f"pool {number}")], unit(1, number)[None], MODEL)

    async def look() -> None:
        assert all(name.startswith("m") for name in await found(store, "pool", limit=50))
        await near(store, unit(1))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(write, number)
                group.start_soon(look)
    assert len(await found(store, "pool", limit=100)) == 40
    kept = await store.get(ANN, [record(f"m{number}").key for number in range(40)])
    assert sorted(one.position for one in kept) == list(range(1, 41))


async def test_of_changes_made_at_once_one_is_kept_and_the_others_are_told(store: Store) -> None:
    await store.put([record("m1", "start")])
    refused: list[str] = []

    async def change(text: str) -> None:
        try:
            await store.put([record("m1", text, revision=1)])
        except RecordConflictError:
            refused.append(text)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(change, f"change {number}")
    (kept,) = await store.get(ANN, [record("m1").key])
    assert len(refused) == 4
    assert kept.text not in refused


async def test_key_of_another_user_is_no_key(store: Store) -> None:
    await store.put([record("m1", scope=BOB)])
    assert await store.get(ANN, [RecordKey(layer="message", id="m1", user="bob", session_id="s1")]) == []
