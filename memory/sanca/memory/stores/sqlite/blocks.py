"""Records few enough to be compared one by one: exact BM25 and exact cosines over their terms and vectors."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.filters import listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1, B = 1.2, 0.75
"""The usual constants of BM25, as FTS5 and Lucene have them."""
Postings = Mapping[str, tuple["NDArray[np.int32]", "NDArray[np.int32]"]]


class Block:
    """Terms and vectors of some records of any spaces; never changed once it is made."""

    def __init__(self, connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        """Read the records of these row numbers."""
        import numpy as np

        found = rows(
            connection,
            "SELECT row, terms FROM records WHERE row IN (SELECT value FROM json_each(?)) ORDER BY row",
            (listed(numbers),),
        )
        self.rows = np.array([row["row"] for row in found], np.int64)
        counts = [Counter(row["terms"].split()) for row in found]
        self.lengths = np.array([count.total() for count in counts], np.float32)
        self._postings = _postings(counts)
        self._matrices: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}

    def lexical(self, terms: Mapping[str, float]) -> NDArray[np.float32]:
        """Return BM25 of each record; 0: it has none of the terms."""
        import numpy as np

        scores = np.zeros(len(self.rows), np.float32)
        norm = K1 * (1 - B + B * self.lengths / max(float(self.lengths.mean()), 1.0)) if len(self.rows) else scores
        for term, weight in terms.items():
            places, counts = self._postings.get(term, (None, None))
            if places is not None and counts is not None:
                rarity = idf(len(self.rows), len(places))
                scores[places] += weight * rarity * counts * (K1 + 1) / (counts + norm[places])
        return scores

    def nearest(
        self, connection: sqlite3.Connection, vector: NDArray[np.float32], embedder: str
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows that have a vector of this embedder, and their cosines."""
        if embedder not in self._matrices:
            self._matrices[embedder] = read_vectors(connection, self.rows.tolist(), embedder)
        numbers, matrix = self._matrices[embedder]
        return numbers, matrix @ vector


def idf(records: float, having: float) -> float:
    """Return how much a term tells that so many of the records have."""
    return math.log(1 + (max(records, having) - having + 0.5) / (having + 0.5))


def read_vectors(
    connection: sqlite3.Connection, numbers: Iterable[int], embedder: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return those of the rows that have a vector of this embedder, and the vectors, shape (rows, dimensions)."""
    import numpy as np

    found = rows(
        connection,
        "SELECT v.row, v.scale, v.vector FROM vectors v JOIN records r USING (row) JOIN marks m"
        " ON m.space = r.space AND m.row = r.row WHERE v.row IN (SELECT value FROM json_each(?))"
        " AND m.embedder = (SELECT embedder FROM embedders WHERE name = ?)",
        (listed(list(numbers)), embedder),
    )
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    whole = np.frombuffer(b"".join(row["vector"] for row in found), np.int8).reshape(len(found), -1)
    scales = np.array([row["scale"] for row in found], np.float32)
    return np.array([row["row"] for row in found], np.int64), whole.astype(np.float32) * scales[:, None]


def _postings(counts: Sequence[Counter[str]]) -> Postings:
    import numpy as np

    places: defaultdict[str, list[int]] = defaultdict(list)
    times: defaultdict[str, list[int]] = defaultdict(list)
    for place, count in enumerate(counts):
        for term, number in count.items():
            places[term].append(place)
            times[term].append(number)
    return {term: (np.array(found, np.int32), np.array(times[term], np.int32)) for term, found in places.items()}
