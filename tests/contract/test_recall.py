"""The share of what answers a question that recall finds, on every store, in a talk that nothing was fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest
from _recall_sets import Conversation, read_conversation, records_of
from memory_stores import STORES, opened_store
from sanca.core.memory import Query, RecordFilter, Scope
from sanca.memory import SqliteStore, Store
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval import HybridRetriever

pytestmark = pytest.mark.anyio

TALK = Path(__file__).parents[2] / "benchmarks" / "data" / "memory_recall_unseen" / "tessa_owen.jsonl"
SCOPE = Scope(tenant="default", user="bench")


async def recalled(store: Store, talk: Conversation) -> list[list[str]]:
    """Return the first ten of each question."""
    embedder, records = StaticEmbedder(), records_of(talk)
    await store.put(records, await embedder.embed([one.text for one in records]), embedder.name)
    retriever = HybridRetriever(store, embedder)
    within = RecordFilter(session_ids=(talk.name,))
    asked = [Query(text=one.question, filter=within, limit=10, now="2026-01-01T00:00:00Z") for one in talk.questions]
    return [[hit.record.id for hit in await retriever.recall(SCOPE, query)] for query in asked]


@pytest.mark.parametrize("name", STORES)
async def test_most_of_what_answers_is_among_the_first(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    talk = read_conversation(TALK)
    async with opened_store(name, tmp_path, request) as store:
        found = await recalled(store, talk)

    for depth, goal in ((5, 0.62), (10, 0.72)):
        shares = [
            len(one.evidence.intersection(ids[:depth])) / len(one.evidence)
            for one, ids in zip(talk.questions, found, strict=True)
        ]
        assert sum(shares) / len(shares) >= goal, f"recall@{depth}"


async def test_elasticsearch_recalls_the_same_in_the_same_order(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    talk = read_conversation(TALK)
    embedded = SqliteStore(tmp_path / "memory.db")
    await embedded.open()
    here = await recalled(embedded, talk)
    await embedded.close()
    async with opened_store("elasticsearch", tmp_path, request) as remote:
        assert await recalled(remote, talk) == here
