"""The ten best by looking at every record, with the measures of the store. Not a benchmark itself."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from _memory_text import SCOPE
from numpy.typing import NDArray
from sanca.core.memory import RecordFilter
from sanca.memory import SqliteStore
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval.hybrid import search_terms
from sanca.memory.stores.sqlite.bm25 import K1, idf, length_norm

TOP, _PAGE = 10, 20_000


async def recall_of_best(file: Path, questions: Sequence[str]) -> dict[str, float]:
    """Return what share of the ten best by all records the store finds as its ten best, by words and by meaning."""
    embedder = StaticEmbedder()
    vectors = np.asarray(await embedder.embed(list(questions)))
    terms = [dict(search_terms(question)) for question in questions]
    nearest, lexical = _nearest(file, embedder, vectors), _lexical(file, terms)
    store = SqliteStore(file)
    await store.open()
    shares: dict[str, list[float]] = {"lexical": [], "nearest": []}
    for at, question in enumerate(questions):
        found = await store.lexical(SCOPE, list(terms[at].items()), RecordFilter(), TOP)
        shares["lexical"].append(_share([one.record.id for one in found], lexical[at]))
        near = await store.nearest(SCOPE, vectors[at], embedder.name, RecordFilter(), TOP)
        shares["nearest"].append(_share([one.record.id for one in near], nearest[at]))
        assert question
    await store.close()
    return {name: float(np.mean(values)) for name, values in shares.items()}


def _share(found: Sequence[str], all_scores: tuple[list[str], NDArray[np.float32]]) -> float:
    """Count a record as one of the best when its score is no less than the tenth: equals may stand for each other."""
    names, scores = all_scores
    best = {name for name, score in zip(names, scores, strict=True) if score >= scores[:TOP][-1] - 1e-4}
    return len(best & set(found)) / min(TOP, len(best)) if best else 1.0


def _nearest(
    file: Path, embedder: StaticEmbedder, vectors: NDArray[np.float32]
) -> list[tuple[list[str], NDArray[np.float32]]]:
    """Return names and cosines of the best, by vectors in full precision made anew."""
    kept: list[list[tuple[float, str]]] = [[] for _ in vectors]
    for page in _pages(file, "id, text"):
        scores = vectors @ embedder.embed_now([text for _, text in page]).T
        for at, row in enumerate(scores):
            best = np.argpartition(-row, min(3 * TOP, len(row) - 1))[: 3 * TOP]
            kept[at] = sorted([*kept[at], *((float(row[n]), page[n][0]) for n in best)], reverse=True)[: 3 * TOP]
    return [([name for _, name in found], np.array([score for score, _ in found], np.float32)) for found in kept]


def _lexical(file: Path, questions: Sequence[dict[str, float]]) -> list[tuple[list[str], NDArray[np.float32]]]:
    """Return names and BM25 of the best, over all records."""
    wanted = {term for terms in questions for term in terms}
    names: list[str] = []
    lengths: list[int] = []
    places: dict[str, list[int]] = {term: [] for term in wanted}
    counts: dict[str, list[int]] = {term: [] for term in wanted}
    for page in _pages(file, "id, terms"):
        for name, text in page:
            words = text.split()
            for term, count in Counter(word for word in words if word in wanted).items():
                places[term].append(len(names))
                counts[term].append(count)
            names.append(name)
            lengths.append(len(words))
    norms = length_norm(np.array(lengths, np.float32), float(np.mean(lengths)))
    found = []
    for terms in questions:
        scores = np.zeros(len(names), np.float32)
        for term, weight in terms.items():
            at, often = np.array(places[term], np.int64), np.array(counts[term], np.float32)
            scores[at] += weight * idf(len(names), len(at)) * often * (K1 + 1) / (often + norms[at])
        best = np.argsort(-scores)[: 3 * TOP]
        best = best[scores[best] > 0]
        found.append(([names[n] for n in best], scores[best]))
    return found


def _pages(file: Path, columns: str) -> Iterator[list[tuple[str, str]]]:
    connection = sqlite3.connect(file)
    cursor = connection.execute(f"SELECT {columns} FROM records ORDER BY row")  # noqa: S608
    while page := cursor.fetchmany(_PAGE):
        yield page
    connection.close()
