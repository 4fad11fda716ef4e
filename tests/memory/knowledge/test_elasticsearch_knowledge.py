"""The same knowledge over a real Elasticsearch: added, changed, contradicted, forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from elasticsearch_node import ElasticsearchNode, opened_store
from sanca.core.memory import Query, Scope
from sanca.memory import MemorySettings
from sanca.memory.care import make_masker
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.knowledge import KnowledgeBase, check, doubt_of
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="alice")
TABLE = b"# Ports\n\n| service | port |\n| --- | --- |\n| payment | 8082 |\n| orders | 8081 |\n"
RUNBOOK = (
    b"# Payment\n\n## Roll back\n\nDeploy the release before.\n\n## Port\n\nThe payment service listens on port 8083.\n"
)


@pytest.fixture
async def on_elasticsearch(elasticsearch_node: ElasticsearchNode) -> AsyncIterator[KnowledgeBase]:
    embedder = StaticEmbedder()
    async with opened_store(elasticsearch_node.url, "knowledge") as store:
        yield KnowledgeBase(Memory(store, HybridRetriever(store, embedder), embedder, make_masker(MemorySettings())))


async def test_documents_live_on_elasticsearch_as_in_the_embedded_store(on_elasticsearch: KnowledgeBase) -> None:
    knowledge = on_elasticsearch
    await knowledge.add_document(SHOP, "ports.md", TABLE)
    added = await knowledge.add_document(SHOP, "payment.md", RUNBOOK)
    assert added.pieces == 2 and len(added.remarks) == 1
    assert (await knowledge.add_document(SHOP, "payment.md", RUNBOOK)).unchanged
    best = (await knowledge.recall(SHOP, Query(text="how do I roll back payment?")))[0].record
    assert best.source == "payment.md, line 5"
    assert await knowledge.recall(Scope(tenant="bank", user="alice"), Query(text="roll back payment")) == []
    (ports,) = await knowledge.pieces(SHOP, "ports.md")
    assert doubt_of(ports) == "payment.md, line 9 says otherwise: payment: port 8083"
    before = {record.title: record.id for record in await knowledge.pieces(SHOP, "payment.md")}
    changed = await knowledge.add_document(SHOP, "payment.md", RUNBOOK.replace(b"8083", b"8082"))
    after = {record.title: record.id for record in await knowledge.pieces(SHOP, "payment.md")}
    assert changed.changed == 1 and (await check(knowledge, SHOP)).is_clean
    assert after["Payment > Roll back"] == before["Payment > Roll back"]
    assert await knowledge.memory.store.without_vectors(knowledge.memory.embedder.name, 10) == []
    assert await knowledge.forget(SHOP, "payment.md") == 2
    assert [document.name for document in await knowledge.documents(SHOP)] == ["ports.md"]
