"""The memory benchmark's recalls on an Elasticsearch node. Not a benchmark itself."""

from __future__ import annotations

import time
from collections.abc import Sequence

from _harness import Row
from _memory_text import SCOPE, SESSION_MESSAGES, Corpus
from elasticsearch_node import opened_store
from sanca.core.memory import Query, RecordFilter
from sanca.memory import Store
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval import HybridRetriever

_PREFIX = "sanca-benchmark"
_QUESTIONS, _UNCOUNTED, _SESSIONS = 60, 10, 4


async def measure_elasticsearch(url: str, sizes: Sequence[int]) -> list[Row]:
    """Return p95 of recalls by size, with and without a session filter, and what a message takes to write."""
    corpus, embedder, rows, there = Corpus(), StaticEmbedder(), [], 0
    async with opened_store(url, _PREFIX) as store:
        for size in sizes:
            start = time.perf_counter()
            for batch in corpus.messages(there, size):
                await store.put(batch, await embedder.embed([record.text for record in batch]), embedder.name)
            per_message = (time.perf_counter() - start) / max(size - there, 1) * 1e3
            there = size
            rows += await _rows(store, embedder, corpus, size)
            rows.append(Row(f"elasticsearch_write_ms_{size}", per_message, "ms", note="a message, 1,000 at once"))
    return rows


async def _rows(store: Store, embedder: StaticEmbedder, corpus: Corpus, size: int) -> list[Row]:
    sessions = size // SESSION_MESSAGES
    in_use = [sessions * at // _SESSIONS for at in range(_SESSIONS)]
    anywhere = [(text, "") for text, _ in corpus.questions(_QUESTIONS, sessions, seed=1)]
    within = corpus.questions_of(in_use, _QUESTIONS, seed=3)
    retriever, rows = HybridRetriever(store, embedder), []
    for name, asked in (("all", anywhere), ("session", within)):
        seconds = []
        for text, session in asked:
            which = RecordFilter(session_ids=(session,)) if session else RecordFilter()
            start = time.perf_counter()
            await retriever.recall(SCOPE, Query(text=text, limit=10, filter=which))
            seconds.append(time.perf_counter() - start)
        counted = sorted(seconds[_UNCOUNTED:])
        rows.append(
            Row(f"elasticsearch_recall_ms_{size}_{name}", counted[int(len(counted) * 0.95)] * 1e3, "ms", note="p95")
        )
    return rows
