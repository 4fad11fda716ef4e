"""How much of what answers a question is recalled, in long conversations. Runs offline and alone.

Method: every conversation of `data/memory_recall` (two people, dated sittings over months; English and Chinese) is put
into a fresh SQLite store and each of its questions is asked through the public memory API, with the conversation as
session. A row is the mean share of a question's answering turns among the first 5 and the first 10. Peers, on the same
turns and questions: Okapi BM25 over our terms, cosine of hashed pieces of words, cosine of the static embedding.

The shipped weights were fitted on all of these conversations, so the plain figures flatter; `--held-out` fits anew for
each conversation on the others alone and is the figure to go by. `--also FOLDER` adds further conversations of the same
form (`NAME.jsonl` with `id, speaker, time, text`, `NAME.questions.jsonl` with `question, evidence, kind`) to what is
fitted on: every fourth question, and such a conversation counts a fifth of ours. `--fit` writes the weights,
`--measured FOLDER` asks other conversations: those of `data/memory_recall_unseen` are fitted on by nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import anyio
import numpy as np
from _harness import Row, arguments, report
from _recall_fit import Case, cases_of, fit, second_sums
from _recall_sets import DATA, Conversation, read_folder, records_of
from numpy.typing import NDArray
from sanca.core.memory import Query, RecordFilter, Scope
from sanca.memory import SqliteStore
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.retrieval import HybridRetriever
from sanca.memory.retrieval.words import pieces

Scores = Callable[[Case], NDArray[np.float64]]
SCOPE = Scope(tenant="default", user="bench")
DEPTHS = (5, 10)
ALSO = 0.2
"""How much a conversation of `--also` counts beside one of ours, in a fit."""


def main() -> None:
    """Measure, or fit."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--held-out", action="store_true", help="weights fitted on the other conversations only")
    own.add_argument("--also", type=Path, help="folder with more conversations to fit on")
    own.add_argument("--fit", action="store_true", help="fit on everything and write the weights")
    own.add_argument("--measured", type=Path, default=DATA, help="folder with the conversations to ask")
    chosen = arguments(__doc__ or "", own)
    embed = StaticEmbedder().embed_now
    asked = read_folder(chosen.measured)
    cases = {one.name: cases_of(one, embed) for one in asked}
    more = [
        case for one in (read_folder(chosen.also) if chosen.also else []) for case in cases_of(one, embed, ALSO)[::4]
    ]
    if chosen.fit:
        found = fit([case for each in cases.values() for case in each] + more)
        place = resources.files("sanca.memory.retrieval").joinpath("weights.json")
        Path(str(place)).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return
    rows = (
        _rows("recall", held_out(cases, more)) if chosen.held_out else _rows("recall", anyio.run(through_memory, asked))
    )
    for name, scores in PEERS.items():
        rows += _rows(name, [(case, shares(case, scores(case))) for each in cases.values() for case in each])
    report(rows, as_json=chosen.json)


def _bm25(case: Case) -> NDArray[np.float64]:
    return np.asarray(case.pool.words.scores(case.question.weights))


def _pieces(case: Case) -> NDArray[np.float64]:
    return np.asarray(case.pool.pieces.scores(pieces(case.question.text)))


def _embedding(case: Case) -> NDArray[np.float64]:
    return case.columns["meaning"]


PEERS: dict[str, Scores] = {"bm25": _bm25, "pieces": _pieces, "embedding": _embedding}
Found = Sequence[tuple[Case, tuple[float, ...]]]


def shares(case: Case, scores: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the share of the evidence among the first of each depth."""
    order = np.argsort(-scores, kind="stable")
    return tuple(float(case.evidence[order[:depth]].sum() / case.evidence.sum()) for depth in DEPTHS)


def held_out(cases: dict[str, list[Case]], more: Sequence[Case]) -> list[tuple[Case, tuple[float, ...]]]:
    """Return the shares of each conversation by weights that were fitted without it."""
    found = []
    for name, asked in cases.items():
        others = [case for other, each in cases.items() if other != name for case in each] + list(more)
        weights = fit(others)
        found += [(case, shares(case, second_sums(case, weights))) for case in asked]
    return found


async def through_memory(conversations: Sequence[Conversation]) -> list[tuple[Case, tuple[float, ...]]]:
    """Return the shares as the shipped memory finds them in a store."""
    embedder, found = StaticEmbedder(), []
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "memory.db")
        await store.open()
        retriever = HybridRetriever(store, embedder)
        for conversation in conversations:
            records = records_of(conversation)
            await store.put(records, await embedder.embed([one.text for one in records]), embedder.name)
            for case in cases_of(conversation, embedder.embed_now):
                which = RecordFilter(session_ids=(conversation.name,))
                query = Query(
                    text=case.asked.question, limit=max(DEPTHS), filter=which, now="2026-01-01T00:00:00+00:00"
                )
                ids = [hit.record.id for hit in await retriever.recall(SCOPE, query)]
                evidence = case.asked.evidence
                found.append((case, tuple(len(evidence.intersection(ids[:depth])) / len(evidence) for depth in DEPTHS)))
        await store.close()
    return found


def _rows(name: str, found: Found) -> list[Row]:
    """Return the means over all questions, over each kind, and over each conversation."""
    groups: dict[str, list[tuple[float, ...]]] = {}
    for case, values in found:
        for group in ("all", case.asked.kind, case.conversation):
            groups.setdefault(group, []).append(values)
    return [
        Row(
            f"{name}@{depth} {group}",
            float(np.mean([one[at] for one in values])),
            "share",
            note=f"{len(values)} questions",
        )
        for group, values in groups.items()
        for at, depth in enumerate(DEPTHS)
    ]


if __name__ == "__main__":
    main()
