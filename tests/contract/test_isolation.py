"""Attempts to cross from one user or tenant to another: on every store, through every method that takes a name.

What is another's must be as if it were not there: not found, not counted, not told by the wording of an error.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_stores import STORES, opened_store
from sanca.core.errors import StoreError
from sanca.core.memory import Layer, MemoryRecord, Query, RecordFilter, RecordKey, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore, Store
from sanca.memory.care import UserData, make_masker
from sanca.memory.embedders import make_embedder
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever
from sanca.memory.settings import MemorySettings
from sanca.memory.text import index_terms

pytestmark = pytest.mark.anyio

ANN = Scope(tenant="acme", user="ann")
SECRET = "nachtigall"
MODEL = "test@1"
VECTOR = np.eye(1, 16, dtype=np.float32)[0]
LAYERS: tuple[Layer, ...] = ("message", "preference", "experience", "summary", "sensory", "knowledge")

TRICKS = [
    "", "*", "?", "%", "_", "__", "ann*", "an_", "a%", "ANN", "Ann", " ann", "ann ", "ann\n", "ann\u200b", "аnn",
    "ａｎｎ",
    "ann' OR '1'='1", "ann'; DROP TABLE records; --", '"ann"', 'ann" OR "a', "ann) OR (1=1", "ann/../ann", "acme/ann",
    "ann AND NOT bob", "user:ann OR *:*", "_exists_:user", '{"match_all":{}}', "/.*/", "ann~1", "NEAR(ann bob)", "^ann",
    "ann\u0301", "null", "true", "0", "\\ann", "\\", "a" * 500, "${ann}", "{{ann}}", "ann,bob", '["ann"]', "bob",
]  # fmt: skip
STRANGERS = [
    *(Scope(tenant="acme", user=user) for user in TRICKS),
    *(
        Scope(tenant=tenant, user="ann")
        for tenant in ("globex", "ACME", "acme ", "acme*", "ac_e", "%", "*", "асме", "acme' --")
    ),
    Scope(tenant="acme' OR tenant='acme", user="ann"),
    Scope(tenant="", user="ann"),
    Scope(tenant="", user=""),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """A store in which only Ann of acme has anything."""
    async with opened_store(request.param, tmp_path, request) as opened:
        await opened.touch_session("acme", "ann", "s1", title=f"{SECRET} title")
        for number in range(3):
            message = Message(id=f"m{number}", role="user", content=f"{SECRET} {number}", run_id=f"r{number}")
            await opened.add_message("acme", "ann", "s1", message)
        await opened.add_feedback("acme", "ann", "r1", "up", SECRET)
        await opened.add_file("acme", "ann", _file("f1", "s1"))
        records = [_record(ANN, layer, f"{layer}-1") for layer in LAYERS]
        await opened.put(records, np.tile(VECTOR, (len(records), 1)), MODEL)
        yield opened


def _file(file_id: str, session_id: str) -> dict[str, Any]:
    return {
        "file_id": file_id, "session_id": session_id, "name": f"{SECRET}.csv", "size_bytes": 1,
        "media_type": "text/csv", "direction": "input", "path": f"/{SECRET}",
    }  # fmt: skip


def _record(scope: Scope, layer: Layer, id: str, text: str = "") -> MemoryRecord:
    return MemoryRecord(
        tenant=scope.tenant, user=scope.user, session_id="s1", layer=layer, id=id, text=text or f"{SECRET} {layer}",
        title=SECRET, document="d1", speaker="ann", time="2026-11-20T10:00:00Z",
    )  # fmt: skip


FILTERS = [
    RecordFilter(),
    RecordFilter(session_ids=("s1",)),
    RecordFilter(ids=(*(f"{layer}-1" for layer in LAYERS), "m0")),
    RecordFilter(documents=("d1",)),
    RecordFilter(speakers=("ann", "user")),
    RecordFilter(not_session_ids=("other",)),
    RecordFilter(since="2000-01-01T00:00:00Z", until="2100-01-01T00:00:00Z"),
    RecordFilter(session_ids=tuple(TRICKS[:40])),
    RecordFilter(own_only=True),
]


async def _seen(store: Store, scope: Scope, which: RecordFilter) -> list[str]:
    """Return everything that a scope sees of the store's records, by every way there is."""
    terms = [(term, 1.0) for term in index_terms(SECRET)]
    seen = [one.id async for page, _ in store.scan(scope, which) for one in page]
    seen += [one.record.id for one in await store.lexical(scope, terms, which, 50)]
    seen += [one.record.id for one in await store.nearest(scope, VECTOR, MODEL, which, 50)]
    return seen + [f"{layer}: {count}" for layer, count in (await store.count(scope, which)).items()]


async def test_strangers_see_no_record_by_any_search_filter_or_count(store: Store) -> None:
    assert len(await _seen(store, ANN, RecordFilter())) > 3 * len(LAYERS)
    for number, stranger in enumerate(STRANGERS):
        for which in FILTERS if number % 5 == 0 else FILTERS[:1]:
            assert await _seen(store, stranger, which) == [], (stranger, which)


async def test_strangers_cannot_read_a_record_by_its_key_nor_what_stands_beside_it(store: Store) -> None:
    for stranger in STRANGERS:
        for user in ("ann", stranger.user, ""):
            keys = [RecordKey(layer=layer, id=f"{layer}-1", user=user, session_id="s1") for layer in LAYERS]
            assert await store.get(stranger, keys) == [], (stranger, user)
            assert await store.around(stranger, keys[1], 5, 5) == [], (stranger, user)


async def test_strangers_delete_nothing(store: Store) -> None:
    before = await _seen(store, ANN, RecordFilter())
    for stranger in STRANGERS:
        for which in FILTERS:
            assert await store.delete(stranger, which) == 0
        await store.delete_session(stranger.tenant, stranger.user, "s1")
        await store.drop_messages_from(stranger.tenant, stranger.user, "s1", "m0")
    for stranger in [one for one in STRANGERS if one.user][:6]:
        assert await UserData(store).forget(stranger) == 0
    assert await _seen(store, ANN, RecordFilter()) == before
    assert len(await store.messages("acme", "ann", "s1")) == 4
    assert [one["file_id"] for one in await store.files("acme", "ann", "s1")] == ["f1"]
    assert (await store.feedback("acme", "ann", "r1") or {})["comment"] == SECRET


async def test_strangers_see_no_session_message_file_or_thumb(store: Store) -> None:
    for stranger in STRANGERS:
        owner = (stranger.tenant, stranger.user)
        assert await store.list_sessions(*owner) == []
        assert await store.known_sessions(*owner) == []
        assert not await store.owns_session(*owner, "s1")
        assert await store.messages(*owner, "s1") == []
        assert await store.files(*owner, "s1") == []
        assert await store.file(*owner, "f1") is None
        assert await store.feedback(*owner, "r1") is None


async def _told(call: Callable[[], Awaitable[Any]]) -> str:
    try:
        await call()
    except StoreError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


async def test_an_error_about_anothers_session_says_what_it_says_of_one_that_never_was(store: Store) -> None:
    message = Message(id="m9", role="user", content="hello")
    for stranger in [
        Scope(tenant="acme", user="bob"),
        Scope(tenant="globex", user="ann"),
        Scope(tenant="acme", user=""),
    ]:
        owner = (stranger.tenant, stranger.user)
        for theirs, nobodys in [
            [await _told(partial(store.add_message, *owner, session, message)) for session in ("s1", "s0")],
            [await _told(partial(store.rename_session, *owner, session, "mine")) for session in ("s1", "s0")],
            [await _told(partial(store.add_file, *owner, _file("f9", session))) for session in ("s1", "s0")],
        ]:
            assert theirs != "nothing"
            assert theirs.replace("s1", "s0") == nobodys
            assert SECRET not in theirs and "ann" not in theirs.replace(repr(stranger.user), "")
    assert len(await store.messages("acme", "ann", "s1")) == 4


async def test_anothers_session_is_not_taken_up_and_its_title_stays(store: Store) -> None:
    for stranger in STRANGERS[:12]:
        with pytest.raises(StoreError):
            await store.touch_session(stranger.tenant, stranger.user, "s1", title="mine now")
    (session,) = await store.list_sessions("acme", "ann")
    assert session["title"] == f"{SECRET} title"


async def test_records_of_strangers_with_the_same_names_replace_nothing(store: Store) -> None:
    strangers = [one for one in STRANGERS if one.tenant and one.user]
    for stranger in strangers:
        await store.put([_record(stranger, "preference", "preference-1", "amsel")], VECTOR[None, :], MODEL)
    for stranger in strangers:
        key = RecordKey(layer="preference", id="preference-1", user=stranger.user, session_id="s1")
        (found,) = await store.get(stranger, [key])
        assert (found.tenant, found.user, found.text) == (stranger.tenant, stranger.user, "amsel")
        assert set(await _seen(store, stranger, RecordFilter())) == {"preference-1", "preference: 1"}
    (kept,) = await store.get(ANN, [RecordKey(layer="preference", id="preference-1", user="ann", session_id="s1")])
    assert kept.text == f"{SECRET} preference"


async def test_what_is_the_whole_tenants_is_seen_by_its_users_and_changed_by_none_of_them(store: Store) -> None:
    acme = Scope(tenant="acme", user="")
    await store.put([_record(acme, "knowledge", "runbook")], VECTOR[None, :], MODEL)
    bob = Scope(tenant="acme", user="bob")
    assert set(await _seen(store, bob, RecordFilter())) == {"runbook", "knowledge: 1"}
    assert await _seen(store, bob, RecordFilter(own_only=True)) == []
    assert await _seen(store, Scope(tenant="globex", user="bob"), RecordFilter()) == []
    assert await store.delete(bob, RecordFilter()) == 0
    assert await UserData(store).forget(bob) == 0
    assert "runbook" in await _seen(store, ANN, RecordFilter())
    assert await store.delete(acme, RecordFilter()) == 1
    assert len(await _seen(store, ANN, RecordFilter(own_only=True))) > 3 * len(LAYERS)


async def test_recall_of_strangers_finds_nothing_whatever_they_ask(store: Store, tmp_path: Path) -> None:
    embedder = make_embedder(MemorySettings())
    memory = Memory(store, HybridRetriever(store, embedder), embedder, make_masker(MemorySettings(), tmp_path))
    await memory.add([_record(ANN, "preference", "wish", f"the {SECRET} sings in the garden at night")])
    assert await memory.recall(ANN, Query(text=f"where does the {SECRET} sing?"))
    questions = [
        SECRET, f"{SECRET} OR 1=1", f'"{SECRET}"', f"{SECRET}*", "user:ann", "*", "what did ann say in s1?",
        f"session_id:s1 {SECRET}", "preference-1", f"{SECRET}) OR (tenant:acme", "NEAR(nachtigall garden)",
        "夜莺在哪里唱歌",
    ]  # fmt: skip
    for stranger in [
        *STRANGERS[:10],
        STRANGERS[-1],
        Scope(tenant="globex", user="ann"),
        Scope(tenant="acme", user="bob"),
    ]:
        for text in questions:
            which = RecordFilter(session_ids=("s1",)) if "s1" in text else RecordFilter()
            assert await memory.recall(stranger, Query(text=text, filter=which)) == [], (stranger, text)


async def test_a_users_data_are_exported_without_a_word_of_others(store: Store) -> None:
    for stranger in [one for one in STRANGERS if one.user]:
        lines = [line async for line in UserData(store).export(stranger)]
        assert len(lines) == 1, stranger
    everything = "".join([line async for line in UserData(store).export(ANN)])
    assert everything.count(SECRET) > 10


async def test_a_forgotten_user_is_found_by_nobody_any_more(store: Store) -> None:
    await store.put([_record(Scope(tenant="acme", user="bob"), "preference", "his")], VECTOR[None, :], MODEL)
    assert await UserData(store).forget(ANN) > len(LAYERS)
    assert await _seen(store, ANN, RecordFilter()) == []
    assert await store.messages("acme", "ann", "s1") == []
    assert await store.known_sessions("acme", "ann") == []
    assert await store.file("acme", "ann", "f1") is None
    assert await store.feedback("acme", "ann", "r1") is None
    assert [one.text async for page, _ in store.scan(None, RecordFilter()) for one in page] == [f"{SECRET} preference"]
    assert await store.session_exists("s1")  # so that nobody takes it up
    with pytest.raises(StoreError):
        await store.touch_session("acme", "bob", "s1")


# Whatever two scopes do in whatever order: each sees what a model that keeps them apart says.

PEOPLE = [ANN, Scope(tenant="acme", user="bob"), Scope(tenant="globex", user="ann"), Scope(tenant="acme", user="")]
WORDS = ["amsel", "drossel", "fink", "star"]


@dataclass
class Apart:
    """What each scope has kept, apart from all others."""

    kept: dict[tuple[int, str, str], str] = field(default_factory=dict)

    def visible(self, person: int) -> set[tuple[str, str]]:
        """Return id and text of what a person sees: their own, and the tenant's."""
        of_tenant = [n for n, one in enumerate(PEOPLE) if one.tenant == PEOPLE[person].tenant and not one.user]
        return {(id, text) for (owner, _, id), text in self.kept.items() if owner in {person, *of_tenant}}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete_id", "delete_session", "delete_all", "message"]),
        st.integers(0, len(PEOPLE) - 1),
        st.sampled_from(["a", "b", "*"]),
        st.sampled_from(["s", "t"]),
        st.sampled_from(WORDS),
    ),
    max_size=14,
)


async def _step(store: Store, model: Apart, step: tuple[str, int, str, str, str]) -> None:
    what, person, id, session, word = step
    scope = PEOPLE[person]
    layer: Layer = "preference"
    match what:
        case "put":
            record = _record(scope, layer, id, word).model_copy(update={"session_id": session, "title": ""})
            await store.put([record], VECTOR[None, :], MODEL)
            model.kept[(person, session, id)] = word
        case "delete_id":
            await store.delete(scope, RecordFilter(ids=(id,), session_ids=(session,)))
            model.kept.pop((person, session, id), None)
        case "delete_session":
            await store.delete(scope, RecordFilter(session_ids=(session,)))
            model.kept = {key: text for key, text in model.kept.items() if key[:2] != (person, session)}
        case "delete_all":
            await store.delete(scope, RecordFilter())
            model.kept = {key: text for key, text in model.kept.items() if key[0] != person}
        case "message":
            await _told(partial(store.touch_session, scope.tenant, scope.user, f"{session}-chat"))
            said = Message(id=id, role="user", content="zaunkönig")
            await _told(partial(store.add_message, scope.tenant, scope.user, f"{session}-chat", said))


async def _agrees(store: Store, model: Apart) -> None:
    preferences = RecordFilter(layers=("preference",))
    for person, scope in enumerate(PEOPLE):
        wanted = model.visible(person)
        assert {(one.id, one.text) async for page, _ in store.scan(scope, preferences) for one in page} == wanted
        for word in WORDS:
            found = await store.lexical(scope, [(term, 1.0) for term in index_terms(word)], preferences, 50)
            assert {(one.record.id, one.record.text) for one in found} == {one for one in wanted if one[1] == word}
        near = await store.nearest(scope, VECTOR, MODEL, preferences, 50)
        assert {(one.record.id, one.record.text) for one in near} == wanted


async def _play(steps: list[tuple[str, int, str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, model = SqliteStore(Path(folder) / "memory.db"), Apart()
        await store.open()
        try:
            for step in steps:
                await _step(store, model, step)
            await _agrees(store, model)
        finally:
            await store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_people_do_each_sees_what_is_theirs(steps: list[tuple[str, int, str, str, str]]) -> None:
    anyio.run(_play, steps)
