"""Recalls over a filled memory, and the peer's over the same rows: times and memory. Not a benchmark itself.

A process of its own, so that what it holds in memory is what recalling needs. Prints one JSON object.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import anyio
from _memory_text import SCOPE, SESSION_MESSAGES, Corpus
from sanca.core.memory import Query, RecordFilter
from sanca.memory import SqliteStore
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval import HybridRetriever
from sanca.memory.retrieval.hybrid import search_terms
from sanca.memory.retrieval.words import STOP_WORDS

LIMIT, SESSIONS_IN_USE = 10, 4
Recall = Callable[[str, str], Awaitable[int]]


def megabytes() -> float:
    """Return the resident memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


class BareFts5:
    """The peer: SQLite's full-text index over the same texts, asked for any of the question's words."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file)

    def __call__(self, question: str, session: str) -> int:
        """Return how many it found."""
        asked = dict.fromkeys(question.replace("-", " ").split())
        words = [word for word in asked if word not in STOP_WORDS] or list(asked)
        chosen, values = "", [" OR ".join(f'"{word}"' for word in words)]
        if session:
            chosen, values = " AND session = ?", [*values, session]
        found = self._connection.execute(
            f"SELECT id, text FROM texts WHERE texts MATCH ?{chosen} ORDER BY rank LIMIT {LIMIT}",  # noqa: S608
            values,
        )
        with closing(found):
            return len(found.fetchall())


async def measure(store_file: Path, peer_file: Path, size: int, count: int) -> dict[str, object]:
    """Return times in seconds, question by question in turn, and how the memory of the process grew."""
    store, embedder, peer = SqliteStore(store_file), StaticEmbedder(), BareFts5(peer_file)
    await store.open()
    await embedder.embed(["weights are loaded before memory is counted"])
    search_terms("and so are words")
    before = megabytes()
    retriever = HybridRetriever(store, embedder)

    async def recall(question: str, session: str) -> int:
        which = RecordFilter(session_ids=(session,)) if session else RecordFilter()
        return len(await retriever.recall(SCOPE, Query(text=question, limit=LIMIT, filter=which)))

    corpus, sessions = Corpus(), max(1, size // SESSION_MESSAGES)
    first = await timed(recall, *corpus.questions(1, sessions, seed=9)[0][:1], "")
    anywhere = [(question, "") for question, _ in corpus.questions(count + 10, sessions, seed=1)]
    ours, bare = await in_turn(recall, peer, anywhere)
    in_use = [sessions * at // SESSIONS_IN_USE for at in range(SESSIONS_IN_USE)]
    firsts = [await timed(recall, *one) for one in corpus.questions_of(in_use, SESSIONS_IN_USE, seed=2)]
    ours_session, bare_session = await in_turn(recall, peer, corpus.questions_of(in_use, count + 10, seed=3))
    grown = megabytes() - before
    await store.close()
    return {
        "first": first, "ours": ours, "bare": bare, "first_of_session": max(firsts), "ours_session": ours_session,
        "bare_session": bare_session, "grown": grown,
    }  # fmt: skip


async def in_turn(
    recall: Recall, peer: Callable[[str, str], int], asked: list[tuple[str, str]]
) -> tuple[list[float], list[float]]:
    """Return the seconds of each, ten questions uncounted."""
    ours, bare = [], []
    for question, session in asked:
        ours.append(await timed(recall, question, session))
        start = time.perf_counter()
        peer(question, session)
        bare.append(time.perf_counter() - start)
    return ours[10:], bare[10:]


async def timed(recall: Recall, question: str, session: str) -> float:
    """Return how long one recall takes."""
    start = time.perf_counter()
    await recall(question, session)
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(anyio.run(measure, Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
