"""How a question and each record of a pool compare: one column a measure. Weighs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sanca.memory.retrieval.dates import Span, spans_in
from sanca.memory.retrieval.pool import Pool
from sanca.memory.retrieval.question import Question, name_parts
from sanca.memory.retrieval.words import pieces, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

_NAME_WEIGHT = 0.2
"""How much a speaker's name in a question counts as a word: whose turns are meant has its own measure."""
_WANTED = ("time", "number", "place", "reason")


@dataclass(frozen=True)
class Compared:
    """What a question was compared by, and the columns."""

    columns: dict[str, Column]
    """By name, each of shape (records,)."""
    names: frozenset[str]
    """The speakers whom the question names."""
    weights: dict[str, float]
    """The question's terms as they were weighed."""


def compare(question: Question, pool: Pool, meaning: Column, today: date) -> Compared:
    """Compare a question with every record of a pool.

    Args:
        question: What is asked.
        pool: The records.
        meaning: The cosine of question and record by the embedder, shape (records,); 0 where there is none.
        today: What "yesterday" in the question counts from.
    """
    import numpy as np

    named = frozenset(question.names_among(pool.speakers)) or _themselves(question, pool)
    calls = frozenset().union(*(name_parts(name) for name in named))
    weights = {term: _NAME_WEIGHT if term in {stem(call) for call in calls} else 1.0 for term in question.weights}
    said_by = np.array([record.speaker in named for record in pool.records], float)
    words, cut = _scaled(pool.words.scores(weights)), _scaled(pool.pieces.scores(pieces(question.without(calls))))
    columns = {
        "words": words,
        "pieces": cut,
        "covered": _covered(pool, weights),
        "meaning": np.clip(meaning, 0, 1),
        "sitting": _scaled(pool.sittings.scores(weights))[pool.sitting_of],
        "speaker": said_by,
        "day": _on_day(question, pool, today),
    }
    columns |= _beside(pool, (words + cut) / 2)
    columns |= {kind: pool.trait(kind) for kind in ("question", "length", "short")}
    columns |= {
        f"wants_{kind}": pool.trait(kind) if kind in question.wants else np.zeros(len(pool)) for kind in _WANTED
    }
    columns["own_words"] = pool.trait("self") * (said_by if named else 0.5)
    return Compared(columns, named, weights)


def _themselves(question: Question, pool: Pool) -> frozenset[str]:
    """Return `user` where they ask about what they said to the assistant."""
    if "user" in pool.speakers and (question.words & {"i", "my", "me"} or "我" in question.text):
        return frozenset({"user"})
    return frozenset()


def _covered(pool: Pool, weights: dict[str, float]) -> Column:
    """The share of the question's terms, by their rarity, that stand in each text at all."""
    import numpy as np

    rare = {term: pool.words.rarity(term) * weight for term, weight in weights.items()}
    found = pool.words.postings.add_up(rare, np.ones(len(pool.words.postings.owners), np.float32))
    return found / max(sum(rare.values()), 1e-9)


def _beside(pool: Pool, likeness: Column) -> dict[str, Column]:
    """How well those beside a record fit: question and answer share what they are about, and seldom the words."""

    def from_(steps: int, values: Column) -> Column:
        return moved(values, steps, pool.sitting_of)

    return {
        "before": from_(1, likeness),
        "after": from_(-1, likeness),
        "before_2": from_(2, likeness),
        "after_2": from_(-2, likeness),
        "near": (from_(3, likeness) + from_(-3, likeness) + from_(4, likeness) + from_(-4, likeness)) / 4,
        "answers": from_(1, likeness * pool.trait("question")),
    }


def moved(values: Column, steps: int, sitting_of: NDArray[np.int32]) -> Column:
    """Return each record's neighbour's value, so many places before it (after it when negative), 0 across sittings."""
    import numpy as np

    out = np.zeros_like(values)
    if abs(steps) >= len(values):
        return out
    if steps > 0:
        out[steps:] = values[:-steps] * (sitting_of[steps:] == sitting_of[:-steps])
    else:
        out[:steps] = values[-steps:] * (sitting_of[:steps] == sitting_of[-steps:])
    return out


def _on_day(question: Question, pool: Pool, today: date) -> Column:
    """1 where a record was said on a day that the question names, or tells of one ("yesterday", said the day after)."""
    import numpy as np

    spans = spans_in(question.text, today)
    if not spans:
        return np.zeros(len(pool))
    return np.array([_fits(spans, days) for days in pool.days], float)


def _fits(spans: list[Span], days: tuple[date | None, list[Span]]) -> float:
    said, told = days
    if said is None:
        return 0.0
    if any(span.covers(one.first) or span.covers(one.last) for span in spans for one in told):
        return 1.0
    return 0.6 if any(span.covers(said) for span in spans) else 0.0


def _scaled(values: Column) -> Column:
    highest = float(values.max()) if len(values) else 0.0
    return values / highest if highest > 0 else values
