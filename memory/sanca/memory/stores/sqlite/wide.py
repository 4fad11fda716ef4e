"""Searches over many records: candidates from the index and from signs in memory, the best of them scored exactly.

Words: the rarest of the question come first, until so many records have been looked up that the rest could hardly
change the order; of a word that is in more records than that the newest are taken. Meaning: the signs of all vectors
are compared with the question's, those of the best are weighed by it, and the best of these compared in full.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.stores.sqlite.blocks import VectorRows
from sanca.memory.stores.sqlite.bm25 import K1, B, idf, length_norm, saturated
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.filters import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sanca.memory.stores.sqlite.blocks import Scored
    from sanca.memory.stores.sqlite.columns import View

POSTINGS = 60_000
"""How many records a question's words may lead to before they are ranked."""
_PROBE = 2_000
_SCORED, _SCORED_A_HIT = 1_000, 4
_COMPARED, _COMPARED_A_HIT = 1_600, 8
_WEIGHED_SHARE, _WEIGHED_LEAST, _WEIGHED_MOST = 0.025, 4_000, 40_000
_KNOWN_TERMS = 50_000
_STEP = 65_536


@dataclass(frozen=True)
class Part:
    """A space's columns, and which of its records the filter leaves in (None: all)."""

    view: View
    mask: NDArray[np.bool_] | None


class TermCounts:
    """In how many records of a space a term is, remembered while the space does not grow much."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], tuple[int, int]] = OrderedDict()
        self._lock = Lock()

    def count(self, connection: sqlite3.Connection, view: View, term: str) -> float:
        """Return the number, exact for rare terms, estimated from the newest records for usual ones."""
        key = (view.space, term)
        with self._lock:
            known = self._known.get(key)
            if known and view.records <= known[1] * 1.25 + 100:
                self._known.move_to_end(key)
                return known[0] * max(view.records, 1) / max(known[1], 1)
        found = _having(connection, view.space, term, _PROBE)
        count = len(found)
        if count == _PROBE:
            newer = len(view.rows) - int(np.searchsorted(view.rows, found.min()))
            count = round(_PROBE * len(view.rows) / max(newer, 1))
        with self._lock:
            self._known[key] = (count, view.records)
            while len(self._known) > _KNOWN_TERMS:
                self._known.popitem(last=False)
        return count


def lexical(
    connection: sqlite3.Connection, counts: TermCounts, parts: Sequence[Part], terms: Mapping[str, float], limit: int
) -> Scored:
    """Return candidates and their BM25 among all records of the parts; more than the limit."""
    records = sum(part.view.records for part in parts)
    average = sum(part.view.terms for part in parts) / max(records, 1)
    having = {term: [counts.count(connection, part.view, term) for part in parts] for term in terms}
    weights = {term: weight * idf(records, sum(having[term])) for term, weight in terms.items() if sum(having[term])}
    numbers, scores = _by_rare_terms(connection, parts, weights, having, average)
    best = _top(scores, max(_SCORED, _SCORED_A_HIT * limit))
    return _exact(connection, numbers[best], weights, average)


def nearest(
    connection: sqlite3.Connection, parts: Sequence[Part], vector: NDArray[np.float32], embedder: str, limit: int
) -> Scored:
    """Return candidates and their cosines; more than the limit."""
    signed = sum(part.view.records for part in parts)
    weighed = min(max(int(signed * _WEIGHED_SHARE), _WEIGHED_LEAST), _WEIGHED_MOST)
    numbers, scores = [], []
    for part in parts:
        places = _closest_signs(part, vector, weighed)
        numbers.append(part.view.rows[places])
        scores.append(_weighed_signs(part.view, places, vector))
    found = np.concatenate(numbers)
    best = _top(np.concatenate(scores), max(_COMPARED, _COMPARED_A_HIT * limit))
    return VectorRows(connection, found[best].tolist(), embedder).cosines(vector)


def _by_rare_terms(
    connection: sqlite3.Connection,
    parts: Sequence[Part],
    weights: Mapping[str, float],
    having: Mapping[str, Sequence[float]],
    average: float,
) -> Scored:
    """Return the records that the rarest terms lead to, scored as if each term stood in them once."""
    left = POSTINGS
    numbers: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    scores: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    for term in sorted(weights, key=lambda term: sum(having[term])):
        if sum(having[term]) > left < POSTINGS:
            break
        for part, count in zip(parts, having[term], strict=True):
            if count:
                places = part.view.places(_having(connection, part.view.space, term, left)[::-1])
                left = max(left - len(places), 1)
                kept = places if part.mask is None else places[part.mask[places]]
                norms = length_norm(part.view.lengths[kept].astype(np.float32), average)
                numbers.append(part.view.rows[kept])
                scores.append(weights[term] * saturated(1, norms))
    unique, inverse = np.unique(np.concatenate(numbers), return_inverse=True)
    return unique, np.bincount(inverse, np.concatenate(scores), len(unique)).astype(np.float32)


def _exact(
    connection: sqlite3.Connection, numbers: NDArray[np.int64], weights: Mapping[str, float], average: float
) -> Scored:
    found = rows(
        connection,
        "SELECT row, terms FROM records WHERE row IN (SELECT value FROM json_each(?))",
        (listed(numbers.tolist()),),
    )
    scores = np.zeros(len(found), np.float32)
    for place, row in enumerate(found):
        words = row["terms"].split()
        norm = K1 * (1 - B + B * len(words) / max(average, 1.0))
        times = Counter(word for word in words if word in weights)
        scores[place] = sum(weights[word] * n * (K1 + 1) / (n + norm) for word, n in times.items())
    return np.array([row["row"] for row in found], np.int64), scores


def _having(connection: sqlite3.Connection, space: int, term: str, limit: int) -> NDArray[np.int64]:
    """Return the newest rows that have a term, newest first."""
    quoted = f'"{space}_{term}"'
    with closing(connection.cursor()) as cursor:
        cursor.row_factory = None
        cursor.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (quoted, limit))
        return np.fromiter(chain.from_iterable(cursor.fetchall()), np.int64)


def _closest_signs(part: Part, vector: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
    """Return places whose signs differ least from the vector's, at least so many where there are."""
    view = part.view
    bits = np.packbits(vector > 0)
    query = np.frombuffer(bits.tobytes().ljust(len(view.signs) * 8, b"\0"), np.uint64)
    apart = np.zeros(len(view.rows), np.uint16)
    for start in range(0, len(apart), _STEP):
        step = slice(start, start + _STEP)
        for word, own in zip(query, view.signs, strict=True):
            apart[step] += np.bitwise_count(own[step] ^ word)
    allowed = view.has_signs if part.mask is None else view.has_signs & part.mask
    apart[~allowed] = np.iinfo(np.uint16).max
    sizes = np.cumsum(np.bincount(np.minimum(apart, len(vector) + 1), minlength=len(vector) + 2)[: len(vector) + 1])
    bound = int(np.searchsorted(sizes, wanted))
    return np.flatnonzero(apart <= min(bound, len(vector)))


def _weighed_signs(view: View, places: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the product of the vector and the signs at these places: each sign counts as much as the vector says."""
    width = len(view.signs) * 8
    padded = np.zeros(width * 8, np.float32)
    padded[: len(vector)] = vector
    signs_of_byte = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32) * 2 - 1
    worth = padded.reshape(width, 8) @ signs_of_byte.T  # what each byte of signs is worth, shape (bytes, 256)
    codes = np.ascontiguousarray(view.signs[:, places].T).view(np.uint8)
    scores = np.zeros(len(places), np.float32)
    for place in range(width):
        scores += worth[place][codes[:, place]]
    return scores


def _top(scores: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
    if len(scores) <= wanted:
        return np.arange(len(scores))
    return np.argpartition(-scores, wanted)[:wanted]
