"""Recall on the real SQLite store: what is found, in which order, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import Hit, MemoryRecord, Query, RecordFilter, Scope
from sanca.memory import SqliteStore
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval import HybridRetriever
from sanca.memory.retrieval.dates import moment_of
from sanca.memory.retrieval.sources import WHOLE_MOST

ADA = Scope(tenant="acme", user="ada")
NOW = "2026-03-20T12:00:00+00:00"
EMBEDDER = StaticEmbedder()
TALK = [
    ("2026-03-02T09:00:00+00:00", "Kim", "Good morning! How was your weekend?"),
    ("2026-03-02T09:01:00+00:00", "Ben", "Great, I bought a kayak yesterday and named it Pelican."),
    ("2026-03-02T09:02:00+00:00", "Kim", "Nice! I only repaired my old bicycle."),
    ("2026-03-02T09:03:00+00:00", "Ben", "Is it running again?"),
    ("2026-03-02T09:04:00+00:00", "Kim", "Yes, and smoothly. The chain was the trouble."),
    ("2026-03-09T18:00:00+00:00", "Ben", "Do you have any brothers or sisters, by the way?"),
    ("2026-03-09T18:01:00+00:00", "Kim", "Two, both older. One lives in Oslo and fishes cod."),
    ("2026-03-09T18:02:00+00:00", "Ben", "That sounds cold."),
    ("2026-03-16T20:00:00+00:00", "Kim", "我妈妈上周开了一家面馆。"),
    ("2026-03-16T20:01:00+00:00", "Ben", "恭喜！在哪里？"),
    ("2026-03-16T20:02:00+00:00", "Kim", "在苏州，离火车站不远。"),
]


def message(number: int, time: str, speaker: str, text: str, **changes: Any) -> MemoryRecord:
    """Return a message of Ada's."""
    fields = {"tenant": "acme", "user": "ada", "session_id": "talk", "layer": "message"} | changes
    return MemoryRecord(id=f"m{number}", time=time, speaker=speaker, text=text, position=number + 1, **fields)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store with the talk in it."""
    opened = SqliteStore(tmp_path / "memory.db")
    await opened.open()
    await keep(opened, [message(number, *turn) for number, turn in enumerate(TALK)])
    yield opened
    await opened.close()


async def keep(store: SqliteStore, records: list[MemoryRecord]) -> None:
    """Put records with their vectors."""
    await store.put(records, await EMBEDDER.embed([one.text for one in records]), EMBEDDER.name)


def query(text: str, *, session: str = "talk", **changes: Any) -> Query:
    """Return a question within a session."""
    which = changes.pop("filter", RecordFilter(session_ids=(session,) if session else ()))
    return Query(text=text, filter=which, now=NOW, **changes)


def ids(hits: list[Hit]) -> list[str]:
    """Return the ids in their order."""
    return [hit.record.id for hit in hits]


@pytest.mark.anyio
@pytest.mark.parametrize("session", ["talk", ""])
async def test_an_irregular_form_is_found_by_its_base_with_and_without_a_session(
    store: SqliteStore, session: str
) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("What did Ben buy?", session=session))
    assert ids(hits)[0] == "m1"


@pytest.mark.anyio
async def test_the_one_who_is_asked_about_is_preferred(store: SqliteStore) -> None:
    await keep(
        store,
        [
            message(20, "2026-03-18T08:00:00+00:00", "Kim", "I like to paint lighthouses."),
            message(21, "2026-03-18T08:01:00+00:00", "Ben", "I like to paint horses."),
        ],
    )
    retriever = HybridRetriever(store, EMBEDDER)
    assert ids(await retriever.recall(ADA, query("What does Kim like to paint?")))[0] == "m20"
    assert ids(await retriever.recall(ADA, query("What does Ben like to paint?")))[0] == "m21"


@pytest.mark.anyio
async def test_an_answer_that_shares_no_word_is_found_by_the_question_before_it(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("How many brothers and sisters does Kim have?"))
    assert "m6" in ids(hits)[:2]
    found = next(hit for hit in hits if hit.record.id == "m6")
    assert "neighbour" in {reason.kind for reason in found.reasons}


@pytest.mark.anyio
async def test_chinese_is_found_by_chinese(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("Kim的妈妈开了什么店？"))
    assert ids(hits)[0] == "m8"


@pytest.mark.anyio
async def test_a_day_that_is_told_from_the_day_after_is_found_by_its_date(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("What did Ben do on 1 March 2026?"))
    assert ids(hits)[0] == "m1"
    assert any(reason.kind == "time" for reason in hits[0].reasons)


@pytest.mark.anyio
async def test_reasons_name_the_words_and_add_up_to_one(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("the name of the kayak"))
    assert sum(reason.share for reason in hits[0].reasons) == pytest.approx(1)
    words = next(reason for reason in hits[0].reasons if reason.kind == "words")
    assert "kayak" in words.detail
    assert hits[0].citation == "Ben, 2026-03-02 09:01"
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.anyio
async def test_only_the_speakers_and_days_of_the_filter_are_recalled(store: SqliteStore) -> None:
    retriever = HybridRetriever(store, EMBEDDER)
    by_ben = RecordFilter(session_ids=("talk",), speakers=("BEN",))
    assert {hit.record.speaker for hit in await retriever.recall(ADA, query("bicycle", filter=by_ben))} <= {"Ben"}
    late = RecordFilter(session_ids=("talk",), since="2026-03-09T18:01:00+00:00", until="2026-03-16T20:00:00+00:00")
    assert set(ids(await retriever.recall(ADA, query("cold cod in Oslo", filter=late)))) <= {"m6", "m7"}


@pytest.mark.anyio
async def test_nothing_of_another_user_or_tenant_is_recalled(store: SqliteStore) -> None:
    retriever = HybridRetriever(store, EMBEDDER)
    for other in (Scope(tenant="acme", user="bob"), Scope(tenant="rival", user="ada"), Scope(tenant="acme", user="")):
        for session in ("talk", ""):
            assert await retriever.recall(other, query("kayak", session=session)) == []


@pytest.mark.anyio
async def test_what_was_added_edited_or_forgotten_meanwhile_is_heeded(store: SqliteStore) -> None:
    retriever = HybridRetriever(store, EMBEDDER)
    assert ids(await retriever.recall(ADA, query("kayak")))[0] == "m1"
    await keep(store, [message(30, "2026-03-19T08:00:00+00:00", "Ben", "The kayak leaks, so I sold the kayak.")])
    assert "m30" in ids(await retriever.recall(ADA, query("Who sold the kayak that leaks?")))[:2]
    await keep(store, [message(4, TALK[4][0], "Kim", "The zeppelin is my favourite.")])
    assert ids(await retriever.recall(ADA, query("zeppelin")))[0] == "m4"
    await store.delete(ADA, RecordFilter(session_ids=("talk",), ids=("m1",)))
    assert "m1" not in ids(await retriever.recall(ADA, query("kayak named Pelican")))


@pytest.mark.anyio
async def test_what_was_said_twice_is_recalled_once(store: SqliteStore) -> None:
    again = [message(40 + n, f"2026-03-19T09:0{n}:00+00:00", "Kim", "The restaurant opens at noon.") for n in range(3)]
    await keep(store, again)
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("When does the restaurant open?"))
    assert len({"m40", "m41", "m42"} & set(ids(hits))) == 1


@pytest.mark.anyio
async def test_the_texts_of_all_hits_stay_within_the_budget(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("kayak bicycle brothers", max_chars=90))
    assert hits
    assert sum(len(hit.record.text) for hit in hits) <= 90


@pytest.mark.anyio
async def test_of_two_alike_the_newer_wins_when_age_counts(store: SqliteStore) -> None:
    await keep(
        store,
        [
            message(50, "2025-03-19T09:00:00+00:00", "Kim", "The pool size of orders is twenty.", session_id="ops"),
            message(51, "2026-03-19T09:00:00+00:00", "Kim", "The pool size of orders is fifty.", session_id="ops"),
        ],
    )
    asked = query("What is the pool size of orders?", session="ops", half_life_days=30)
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, asked)
    assert ids(hits)[0] == "m51"
    old = next((hit for hit in hits if hit.record.id == "m50"), None)
    assert old is None or old.score < hits[0].score / 100


@pytest.mark.anyio
async def test_a_question_about_nothing_that_was_said_recalls_nothing_likely(store: SqliteStore) -> None:
    hits = await HybridRetriever(store, EMBEDDER).recall(ADA, query("quarterly depreciation schedule"))
    assert all(hit.score < 0.3 for hit in hits)
    assert await HybridRetriever(store, EMBEDDER).recall(ADA, query("kayak", session="no-such")) == []


@pytest.mark.anyio
@pytest.mark.parametrize("session", ["talk", ""])
async def test_a_time_that_is_no_date_does_not_keep_a_record_from_being_recalled(
    store: SqliteStore, session: str
) -> None:
    await keep(store, [message(60, "", "Kim", "The lantern is in the attic.")])
    asked = query("Where is the lantern on 3 March 2026?", session=session, half_life_days=30)
    assert "m60" in ids(await HybridRetriever(store, EMBEDDER).recall(ADA, asked))[:2]
    assert moment_of("in spring") is None


class Endpoint:
    """Vectors from elsewhere: the static ones, as long as it is there."""

    name, dimensions = EMBEDDER.name, EMBEDDER.dimensions

    def __init__(self, *, is_there: bool) -> None:
        self._is_there = is_there

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Any:
        """Return vectors, or fail."""
        if not self._is_there:
            raise StoreUnavailableError("The endpoint is away.")
        return await EMBEDDER.embed(texts)


@pytest.mark.anyio
@pytest.mark.parametrize("session", ["talk", ""])
async def test_words_alone_are_gone_by_while_the_embedder_is_away(store: SqliteStore, session: str) -> None:
    hits = await HybridRetriever(store, Endpoint(is_there=False)).recall(
        ADA, query("kayak named Pelican", session=session)
    )
    assert ids(hits)[0] == "m1"


@pytest.mark.anyio
@pytest.mark.parametrize("session", ["talk", ""])
async def test_meaning_counts_when_vectors_are_the_stores_only(store: SqliteStore, session: str) -> None:
    asked = query("Did anybody purchase a boat?", session=session)
    hits = await HybridRetriever(store, Endpoint(is_there=True)).recall(ADA, asked)
    assert "meaning" in {reason.kind for hit in hits[:3] for reason in hit.reasons}
    assert "m1" in ids(hits)[:3]


@pytest.mark.anyio
async def test_a_session_too_long_to_be_compared_whole_is_searched_by_candidates(store: SqliteStore) -> None:
    many = [
        message(100 + n, "2026-03-01T09:00:00+00:00", "Kim", f"remark number {n} on the weather", session_id="long")
        for n in range(WHOLE_MOST + 50)
    ]
    await store.put([*many, message(9_999, "2026-03-01T10:00:00+00:00", "Ben", "The heron nests.", session_id="long")])
    retriever = HybridRetriever(store, EMBEDDER)
    for _ in range(2):
        assert ids(await retriever.recall(ADA, query("Where does the heron nest?", session="long")))[0] == "m9999"
