"""Ranks the records of a pool for a question: measures, learned weights, a second look. Asks no store.

The weights were fitted by `benchmarks/memory_recall.py --fit`; what they were fitted on is told in docs/benchmarks.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sanca.memory.retrieval.features import Compared, compare, moved
from sanca.memory.retrieval.pool import Pool
from sanca.memory.retrieval.question import Question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sanca.core.memory import Vectors
    from sanca.memory.retrieval.features import Column

_LOOKED_AT = 4
_NEW_TERMS = 12


@dataclass(frozen=True)
class Weights:
    """What was learned: how much each measure counts, and how the sum becomes a score in [0, 1]."""

    first: dict[str, float]
    second: dict[str, float]
    slope: float
    bias: float


@cache
def shipped_weights() -> Weights:
    """Return the weights that come with the package."""
    text = files("sanca.memory.retrieval").joinpath("weights.json").read_text(encoding="utf-8")
    return Weights(**json.loads(text))


@dataclass(frozen=True)
class Ranking:
    """All records of a pool, compared with a question."""

    compared: Compared
    sums: NDArray[np.float64]
    """The weighted sums, shape (records,): higher fits better."""
    weights: dict[str, float]
    slope: float
    bias: float

    def scores(self) -> NDArray[np.float64]:
        """Return how likely each record helps to answer, in [0, 1], in the order of the sums."""
        import numpy as np

        return np.asarray(1 / (1 + np.exp(-(self.slope * self.sums + self.bias))))


def rank(
    question: Question, pool: Pool, meaning: Column, today: date, *, vectors: Vectors | None, second_look: bool = True
) -> Ranking:
    """Compare a question with every record of a pool and add up what was found by the learned weights.

    Args:
        question: What is asked.
        pool: The records.
        meaning: The cosine of question and record, shape (records,).
        today: What "yesterday" in the question counts from.
        vectors: The records' vectors where they are at hand, shape (records, dimensions), for the second look.
        second_look: Look again with what was found.
    """
    learned = shipped_weights()
    compared = compare(question, pool, meaning, today)
    sums = weighted(compared.columns, learned.first)
    weights = learned.first
    if second_look and len(pool):
        compared.columns.update(look_again(question, pool, sums, vectors))
        weights = learned.second
        sums = weighted(compared.columns, weights)
    return Ranking(compared, sums, weights, learned.slope, learned.bias)


def weighted(columns: dict[str, Column], weights: dict[str, float]) -> Column:
    """Return the weighted sum of the columns that have a weight."""
    import numpy as np

    size = len(next(iter(columns.values())))
    return sum((columns[name] * weight for name, weight in weights.items()), np.zeros(size))


def look_again(question: Question, pool: Pool, sums: Column, vectors: Vectors | None) -> dict[str, Column]:
    """Compare every record with what the first look found best: answers that stand in several places resemble it."""
    import numpy as np

    best = np.argsort(-sums, kind="stable")[:_LOOKED_AT]
    trust = np.exp(sums[best] - sums[best[0]])
    likely = np.exp(sums - sums.max())
    likely /= likely.sum()
    sitting_of = pool.sitting_of
    columns: dict[str, Column] = {
        "again_words": _with_their_words(question, pool, best, trust),
        "again_meaning": np.zeros(len(pool)),
        "again_beside": moved(likely, 1, sitting_of) + moved(likely, -1, sitting_of),
    }
    if vectors is not None:
        middle = (vectors[best] * trust[:, None]).sum(0)
        length = float(np.linalg.norm(middle))
        columns["again_meaning"] = np.clip(vectors @ (middle / max(length, 1e-9)), 0, 1)
    return columns


def _with_their_words(question: Question, pool: Pool, best: NDArray[np.intp], trust: Column) -> Column:
    import numpy as np

    new: dict[str, float] = {}
    for at, weight in zip(best, trust, strict=True):
        for term in sorted(set(pool.terms[at]) - set(question.weights)):
            new[term] = new.get(term, 0.0) + float(weight)
    heaviest = sorted(new.items(), key=lambda item: -item[1] * pool.words.rarity(item[0]))[:_NEW_TERMS]
    if not heaviest:
        return np.zeros(len(pool))
    scores = pool.words.scores(dict(heaviest))
    return scores / max(float(scores.max()), 1e-9)
