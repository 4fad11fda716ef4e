"""BM25 over rows that come and go: what share of a question's weight each row answers. Knows no tools and no text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SATURATION, _LENGTH_SHARE = 1.2, 0.75


@dataclass(frozen=True)
class _Share:
    """What a term adds, and to which rows."""

    rows: NDArray[np.intp]
    added: NDArray[np.float64]
    rarity: float


class Postings:
    """Term weights of rows. What a term adds to each row is worked out when it is first asked for after a change."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, float]] = {}
        self._lengths: dict[int, float] = {}
        self._total = 0.0
        self._shares: dict[str, _Share] = {}

    def put(self, row: int, weights: Mapping[str, float]) -> None:
        """Add a row that is not there."""
        for term, weight in weights.items():
            self._rows.setdefault(term, {})[row] = weight
        self._lengths[row] = sum(weights.values())
        self._total += self._lengths[row]
        self._shares.clear()

    def remove(self, row: int, terms: Iterable[str]) -> None:
        """Take a row out; `terms` are those it was put with."""
        for term in terms:
            rows = self._rows[term]
            del rows[row]
            if not rows:
                del self._rows[term]
        self._total -= self._lengths.pop(row)
        self._shares.clear()

    def scores(self, terms: Iterable[str], size: int) -> NDArray[np.float64]:
        """Return for each row below `size` how much of the terms' weight it holds: 0 none, 1 all of it, many times.

        A term counts once, the more the rarer it is; one that no row has counts among what is missing.
        """
        asked = list(dict.fromkeys(terms))
        shares = [self._share(term) for term in asked if term in self._rows]
        if not shares:
            return np.zeros(size)
        unknown = (len(asked) - len(shares)) * self._rarity(0)
        weight = (sum(share.rarity for share in shares) + unknown) * (_SATURATION + 1)
        rows = np.concatenate([share.rows for share in shares])
        return np.bincount(rows, np.concatenate([share.added for share in shares]), size) / weight

    def _share(self, term: str) -> _Share:
        share = self._shares.get(term)
        if share is None:
            share = self._shares[term] = self._work_out(self._rows[term])
        return share

    def _work_out(self, weights: Mapping[int, float]) -> _Share:
        rows = np.fromiter(weights, np.intp, len(weights))
        tf = np.fromiter(weights.values(), np.float64, len(weights))
        lengths = np.fromiter((self._lengths[row] for row in weights), np.float64, len(weights))
        mean = self._total / len(self._lengths)
        room = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths / mean)
        rarity = self._rarity(len(rows))
        return _Share(rows, rarity * tf * (_SATURATION + 1) / (tf + room), rarity)

    def _rarity(self, rows: int) -> float:
        return math.log(1 + (len(self._lengths) - rows + 0.5) / (rows + 0.5))
