"""How long recall takes as the memory grows, beside a bare FTS5 query over the same rows; how exact, how dear it is.

Method: messages of one user, 1,000 a session, ten at once; made of the static embedding's own words (Zipf-like,
seeded) with numbers and names that are rare (`_memory_text.py`). At each size a process of its own asks questions made
of a third of a message's words, and after each one the peer: FTS5 for any word of the question but stop words, ten best
by its rank, their texts read. Ours is a recall as users get it: embedding the question, candidates by words and by
meaning, neighbours, fusion, reasons. First over all sessions (no filter), then four sessions in use.

`recall_ratio_1m`: p95 of ours divided by p95 of the peer's at the largest size, the higher of both ways;
`recall_growth_10k_1m`: p95 at the largest size divided by p95 at 10,000, the higher of both ways. `exact_recall10`: the
share of the ten best by all records that the store's ten best are, the lower of words (BM25) and meaning (cosines of
vectors in full precision). `write_ratio`: a message with its vector, one a commit, flushed to the disk, against a bare
insert into the peer's table, flushed likewise. `rss_growth_mb`: how much the asking process grew, after the weights
are loaded, to the end. `--folder` keeps the filled files and uses them again; `--elasticsearch URL` does the same work
there, up to 100,000 messages, in indices of its own that it empties.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from _harness import ROOT, Row, arguments, interleave, ratio, report
from _memory_elasticsearch import measure_elasticsearch
from _memory_exact import recall_of_best
from _memory_plot import plot
from _memory_text import SESSION_MESSAGES, Corpus, embedded
from anyio.from_thread import start_blocking_portal
from sanca.memory import SqliteStore
from sanca.memory.embedders import StaticEmbedder

SIZES, QUICK_SIZES = (10_000, 100_000, 300_000, 1_000_000), (10_000, 20_000)
QUESTIONS, QUICK_QUESTIONS, EXACT_QUESTIONS = 150, 40, 40
BASE = 10_000
WRITES, WRITE_BLOCKS, BATCH = 40, 9, 100
IMAGE = ROOT / "docs" / "images" / "memory_recall.svg"


@dataclass(frozen=True)
class Point:
    """What one size gave; times in milliseconds, p95 unless said otherwise."""

    size: int
    ours: float
    bare: float
    ours_session: float
    bare_session: float
    median: float
    median_session: float
    first: float
    first_of_session: float
    grown: float


class Files:
    """Our file and the peer's, filled as far as a size needs."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.peer = folder / "memory.db", folder / "bare.db"
        folder.mkdir(parents=True, exist_ok=True)
        with closing(bare_table(self.peer)) as peer:
            self.filled = rows_of(peer)

    async def fill(self, size: int) -> None:
        """Add the messages that are missing."""
        store, peer = SqliteStore(self.ours), bare_table(self.peer)
        await store.open()
        there = rows_of(peer)
        for batch, vectors in embedded(there, size):
            await store.put(batch, vectors, StaticEmbedder().name)
            peer.execute("BEGIN")
            peer.executemany(
                "INSERT INTO texts (id, session, text) VALUES (?, ?, ?)",
                [(record.id, record.session_id, record.text) for record in batch],
            )
            peer.execute("COMMIT")
        peer.close()
        await store.close()


def bare_table(file: Path) -> sqlite3.Connection:
    """Return the peer's table, as durable as ours."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (id UNINDEXED, session UNINDEXED, text)")
    return connection


def rows_of(peer: sqlite3.Connection) -> int:
    """Return how many rows the peer has."""
    return int(peer.execute("SELECT coalesce(max(rowid), 0) FROM texts").fetchone()[0])


def point_at(files: Files, size: int, questions: int) -> Point:
    """Measure in a process of its own."""
    script = Path(__file__).with_name("_memory_timing.py")
    command = [sys.executable, script, files.ours, files.peer, size, questions]
    printed = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(printed)
    return Point(
        size, p95(found["ours"]), p95(found["bare"]), p95(found["ours_session"]), p95(found["bare_session"]),
        statistics.median(found["ours"]) * 1e3, statistics.median(found["ours_session"]) * 1e3,
        found["first"] * 1e3, found["first_of_session"] * 1e3, found["grown"],
    )  # fmt: skip


def p95(seconds: Sequence[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1e3


def write_ratios(folder: Path) -> dict[str, float]:
    """Return our time to keep messages divided by the peer's, one a commit and in batches; both files stay open."""
    corpus, embedder = Corpus(seed=8), StaticEmbedder()
    store = SqliteStore(folder / "writes.db")
    with closing(bare_table(folder / "bare_writes.db")) as peer, start_blocking_portal() as portal:
        portal.call(store.open)
        portal.call(embedder.embed, ["weights first"])
        found = _writes_in_turn(corpus, peer, lambda records, size: portal.call(_put, store, embedder, records, size))
        portal.call(store.close)
    return found


def _writes_in_turn(
    corpus: Corpus, peer: sqlite3.Connection, put: Callable[[Sequence[Any], int], float]
) -> dict[str, float]:
    batches, found = corpus.messages(0, 200_000), {}
    for name, size in (("one", 1), ("batch", BATCH)):

        def ours(size: int = size) -> float:
            records = next(batches)[: WRITES * size if size == 1 else 1_000]
            return put(records, size) / len(records)

        def bare(size: int = size) -> float:
            records = next(batches)[: WRITES * size if size == 1 else 1_000]
            start = time.perf_counter()
            for at in range(0, len(records), size):
                peer.execute("BEGIN IMMEDIATE")
                peer.executemany(
                    "INSERT INTO texts (id, session, text) VALUES (?, ?, ?)",
                    [(record.id, record.session_id, record.text) for record in records[at : at + size]],
                )
                peer.execute("COMMIT")
            return (time.perf_counter() - start) / len(records)

        figures = interleave(WRITE_BLOCKS, ours=ours, bare=bare)
        found[name] = ratio(figures, "ours", "bare")
        found[f"{name}_ms"] = statistics.median(figures["ours"]) * 1e3
    return found


async def _put(store: SqliteStore, embedder: StaticEmbedder, records: Sequence[Any], size: int) -> float:
    start = time.perf_counter()
    for at in range(0, len(records), size):
        part = records[at : at + size]
        await store.put(part, await embedder.embed([record.text for record in part]), embedder.name)
    return time.perf_counter() - start


def rows_from(points: Sequence[Point], exact: dict[str, float], writes: dict[str, float]) -> list[Row]:
    """Return what was promised and what else is worth seeing."""
    last = points[-1]
    base = next(point for point in points if point.size == BASE)
    is_full = last.size == SIZES[-1]  # what was promised, was promised of the largest size
    note = "" if is_full else f"largest size {last.size}"
    ratios = last.ours / last.bare, last.ours_session / last.bare_session
    growths = last.ours / base.ours, last.ours_session / base.ours_session
    return [
        Row("recall_ratio_1m", max(ratios), "x", "FTS5, p95", limit=3 if is_full else None, note=note),
        Row("recall_ratio_1m_all", ratios[0], "x", "FTS5, p95"),
        Row("recall_ratio_1m_session", ratios[1], "x", "FTS5, p95"),
        Row("recall_growth_10k_1m", max(growths), "x", "itself at 10,000", limit=4 if is_full else None, note=note),
        Row("recall_growth_10k_1m_all", growths[0], "x", "itself at 10,000"),
        Row("recall_growth_10k_1m_session", growths[1], "x", "itself at 10,000"),
        Row("exact_recall10", min(exact.values()), "share", "all records", least=0.95, note=note),
        Row("exact_recall10_words", exact["lexical"], "share", "all records"),
        Row("exact_recall10_meaning", exact["nearest"], "share", "all records"),
        Row("write_ratio", writes["one"], "x", "bare FTS5 insert, one a commit", limit=2),
        Row("write_batch_ratio", writes["batch"], "x", f"bare FTS5 insert, {BATCH} a commit"),
        Row("write_ms", writes["one_ms"], "ms"),
        Row("rss_growth_mb", last.grown, "MB", limit=200 if is_full else None, note=note),
        Row("recall_ms", last.median, "ms", note="median, all sessions"),
        Row("recall_session_ms", last.median_session, "ms", note="median, sessions in use"),
        Row("first_recall_ms", last.first, "ms", note="after a start: marks are read into memory"),
        Row("first_recall_of_session_ms", last.first_of_session, "ms", note="worst of four: its records are read"),
    ]


def print_curve(points: Sequence[Point]) -> None:
    """Print p95 by size."""
    print(
        f"{'messages':>9} {'recall':>9} {'FTS5':>9} {'session':>9} {'FTS5 ses.':>9} {'first':>9} {'MB':>6}  (p95, ms)"
    )
    for one in points:
        times = (one.ours, one.bare, one.ours_session, one.bare_session, one.first)
        print(f"{one.size:>9} " + " ".join(f"{value:>9.1f}" for value in times) + f" {one.grown:>6.0f}")


def measure(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Fill, ask, compare."""
    kept, points = Files(folder), []
    sizes = QUICK_SIZES if options.quick else SIZES
    for size in sizes:
        # What was kept and holds more is not cut back.
        files = kept if kept.filled <= size else Files(folder / str(size))
        anyio.run(files.fill, size)
        points.append(point_at(files, size, QUICK_QUESTIONS if options.quick else QUESTIONS))
    questions = [text for text, _ in Corpus().questions(EXACT_QUESTIONS, sizes[-1] // SESSION_MESSAGES, seed=4)]
    rows = rows_from(points, anyio.run(recall_of_best, files.ours, questions), write_ratios(folder))
    if options.elasticsearch:
        rows += anyio.run(measure_elasticsearch, options.elasticsearch, [size for size in sizes if size <= 100_000])
    if not options.json:
        print_curve(points)
    if not options.quick:
        plot([vars(point) for point in points], IMAGE)
    return rows


def main() -> None:
    """Measure and report."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--folder", type=Path, help="keep the filled files here (1.6 GB), or use those that are")
    own.add_argument("--elasticsearch", default="", help="URL of a node to do the same work on, up to 100,000")
    options = arguments(__doc__ or "", own)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="memory-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        report(measure(folder, options), as_json=options.json)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
