"""Records few enough to be compared one by one: exact BM25 and exact cosines over their terms and vectors."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sanca.memory.stores.sqlite.bm25 import idf, length_norm, saturated
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.filters import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scored = tuple[NDArray[np.int64], NDArray[np.float32]]
    """Row numbers and their scores."""


class Block:
    """Terms and vectors of some records of any spaces; never changed once it is made."""

    def __init__(self, numbers: Sequence[int]) -> None:
        """Take the row numbers; what is needed of them is read when it is first needed."""
        self.rows = np.array(sorted(numbers), np.int64)
        self._postings: Postings | None = None
        self._vectors: dict[str, VectorRows] = {}

    def lexical(self, connection: sqlite3.Connection, terms: Mapping[str, float]) -> Scored:
        """Return the rows that have any of the terms, and their BM25 among the records of this block."""
        if self._postings is None:
            found = rows(
                connection,
                "SELECT terms FROM records WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row",
                (listed(self.rows.tolist()),),
            )
            self._postings = Postings([row["terms"] for row in found])
        scores = self._postings.scores(terms)
        having = scores > 0
        return self.rows[having], scores[having]

    def nearest(self, connection: sqlite3.Connection, vector: NDArray[np.float32], embedder: str) -> Scored:
        """Return the rows that have a vector of this embedder, and their cosines."""
        if embedder not in self._vectors:
            self._vectors[embedder] = VectorRows(connection, self.rows.tolist(), embedder)
        return self._vectors[embedder].cosines(vector)


class Postings:
    """Which of some records have a term and how often."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take the terms of each record, parted by spaces."""
        counts = [Counter(text.split()) for text in texts]
        self._lengths = np.array([count.total() for count in counts], np.float32)
        vocabulary: dict[str, int] = {}
        numbers = [vocabulary.setdefault(term, len(vocabulary)) for count in counts for term in count]
        order = np.argsort(np.array(numbers, np.int32), kind="stable")
        places = np.repeat(np.arange(len(counts), dtype=np.int32), [len(count) for count in counts])
        self._places = places[order]
        self._counts = np.array([n for count in counts for n in count.values()], np.int32)[order]
        ends = np.cumsum(np.bincount(np.array(numbers, np.int64), minlength=len(vocabulary)))
        self._ends = np.concatenate((np.zeros(1, np.int64), ends))
        self._vocabulary = vocabulary

    def scores(self, terms: Mapping[str, float]) -> NDArray[np.float32]:
        """Return BM25 of each record; 0: it has none of the terms."""
        scores = np.zeros(len(self._lengths), np.float32)
        if not len(scores):
            return scores
        norm = length_norm(self._lengths, float(self._lengths.mean()))
        for term, weight in terms.items():
            number = self._vocabulary.get(term)
            if number is not None:
                part = slice(self._ends[number], self._ends[number + 1])
                places, counts = self._places[part], self._counts[part]
                scores[places] += weight * idf(len(scores), len(places)) * saturated(counts, norm[places])
        return scores


class VectorRows:
    """The vectors of some records, as they are kept."""

    def __init__(self, connection: sqlite3.Connection, numbers: Sequence[int], embedder: str) -> None:
        """Read those of the row numbers that there are of this embedder."""
        found = rows(
            connection,
            "SELECT row, scale, vector FROM vectors WHERE row IN (SELECT value FROM json_each(?))"
            " AND embedder = (SELECT embedder FROM embedders WHERE name = ?)",
            (listed(numbers), embedder),
        )
        self._rows = np.array([row["row"] for row in found], np.int64)
        self._scales = np.array([row["scale"] for row in found], np.float32)
        self._whole = np.frombuffer(b"".join([row["vector"] for row in found]), np.int8)

    def cosines(self, vector: NDArray[np.float32]) -> Scored:
        """Return the rows and their cosines to a unit vector."""
        if not len(self._rows):
            return self._rows, self._scales
        matrix = self._whole.reshape(len(self._rows), -1).astype(np.float32)
        return self._rows, (matrix @ vector) * self._scales
