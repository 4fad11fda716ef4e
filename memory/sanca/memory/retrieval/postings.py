"""Sparse weights of terms over a list of texts: BM25, and the cosine of TF-IDF. Knows no records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Term = TypeVar("Term", bound=Hashable)

_SATURATION, _LENGTH_SHARE = 1.2, 0.75


class Postings(Generic[Term]):
    """Where each term stands, and how often; made once, asked by many threads."""

    def __init__(self, texts: Iterable[Iterable[Term]]) -> None:
        """Count the terms, one text at a time: the counts of all together would take ten times the room."""
        import numpy as np

        places: dict[Term, int] = {}
        numbers, counts, terms_of, lengths = array("i"), array("f"), array("i"), array("f")
        for text in texts:
            count = Counter(text)
            numbers.extend([places.setdefault(term, len(places)) for term in count])
            counts.extend(count.values())
            terms_of.append(len(count))
            lengths.append(count.total())
        self.places, self.size = places, len(lengths)
        ids = np.array(numbers, np.int32)
        order = np.argsort(ids, kind="stable")
        owners = np.repeat(np.arange(self.size, dtype=np.int32), np.array(terms_of, np.int32))
        self.owners, self.often = owners[order], np.array(counts, np.float32)[order]
        self.spread = np.bincount(ids, minlength=len(self.places))
        self.starts = np.concatenate([[0], np.cumsum(self.spread)])
        self.lengths = np.array(lengths, np.float32)

    def slice_of(self, term: Term) -> slice | None:
        """Return where a term's texts stand in `owners` and `often`."""
        place = self.places.get(term)
        return None if place is None else slice(int(self.starts[place]), int(self.starts[place + 1]))

    def add_up(self, weights: Mapping[Term, float], values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return for each text the sum of `values` at the terms' places, each times its weight; shape (texts,)."""
        import numpy as np

        found = [(part, weight) for term, weight in weights.items() if (part := self.slice_of(term)) is not None]
        if not found:
            return np.zeros(self.size)
        owners = np.concatenate([self.owners[part] for part, _ in found])
        summed = np.concatenate([values[part] * weight for part, weight in found])
        return np.bincount(owners, summed, self.size).astype(float)


class Bm25(Generic[Term]):
    """Okapi BM25 over a list of texts."""

    def __init__(self, texts: Iterable[Iterable[Term]]) -> None:
        import numpy as np

        self.postings = postings = Postings(texts)
        mean = float(postings.lengths.mean()) if postings.size else 1.0
        norms = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * postings.lengths / max(mean, 1e-9))
        saturated = postings.often * (_SATURATION + 1) / (postings.often + norms[postings.owners])
        self._rarity = np.log(1 + (postings.size - postings.spread + 0.5) / (postings.spread + 0.5))
        self._values = saturated.astype(np.float32)

    def rarity(self, term: Term) -> float:
        """Return the inverse document frequency; that of a term which no text has is the highest there can be."""
        import math

        place = self.postings.places.get(term)
        return math.log(1 + 2 * (self.postings.size + 0.5)) if place is None else float(self._rarity[place])

    def scores(self, weights: Mapping[Term, float]) -> NDArray[np.float64]:
        """Return how well each text fits the weighted terms, shape (texts,)."""
        return self.postings.add_up(
            {term: weight * self.rarity(term) for term, weight in weights.items()}, self._values
        )


class Cosine(Generic[Term]):
    """The cosine of logarithmic TF-IDF over a list of texts."""

    def __init__(self, texts: Iterable[Iterable[Term]]) -> None:
        import numpy as np

        self.postings = postings = Postings(texts)
        self._rarity = np.log((1 + postings.size) / (1 + postings.spread)) + 1
        weights = (1 + np.log(postings.often)) * np.repeat(self._rarity, postings.spread)
        lengths = np.sqrt(np.bincount(postings.owners, weights**2, postings.size))
        self._values = (weights / np.maximum(lengths[postings.owners], 1e-9)).astype(np.float32)

    def scores(self, terms: Iterable[Term]) -> NDArray[np.float64]:
        """Return the cosine of each text and the terms, times the length of the terms' vector; shape (texts,)."""
        import math

        weights: dict[Term, float] = {}
        for term, often in Counter(terms).items():
            if (place := self.postings.places.get(term)) is not None:
                weights[term] = (1 + math.log(often)) * float(self._rarity[place])
        return self.postings.add_up(weights, self._values)
