"""The retriever: gets records, ranks them, leaves out doubles, keeps to the budget, says why. Works on every store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from anyio import to_thread
from sanca.core.errors import StoreUnavailableError
from sanca.core.memory import Embedder, Hit, MemoryRecord, Query, RecordStore, Scope
from sanca.memory.retrieval.dates import moment_of
from sanca.memory.retrieval.explain import citation_of, reasons_for
from sanca.memory.retrieval.filtering import leaves_in, same_words
from sanca.memory.retrieval.pool import Pool
from sanca.memory.retrieval.question import Question, name_parts, read_question
from sanca.memory.retrieval.ranking import Ranking, rank
from sanca.memory.retrieval.sources import Source, Sources
from sanca.memory.retrieval.words import STOP_WORDS, raw_words
from sanca.memory.text import index_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sanca.core.memory import Vectors

log = structlog.get_logger()

_TERMS_MOST = 32
_READ_MOST = 3
_FEW_SPEAKERS = 3
_NEAREST = 200
_UNLIKE = 0.12
"""A record that shares no word with the question, stands beside nothing that does, and is no nearer in meaning, is no
hit."""


class HybridRetriever:
    """Recalls by words, pieces of words, meaning, speaker, day and neighbours, in a learned weighted sum.

    Safe to call from many tasks. Opens and closes nothing: the store is another's.
    """

    def __init__(self, store: RecordStore, embedder: Embedder) -> None:
        """Take what it works with; `embedder` is the one the store's vectors were made by."""
        self._store = store
        self._embedder = embedder
        self._sources = Sources(store, embedder)

    async def recall(self, scope: Scope, query: Query) -> list[Hit]:
        """Return what helps to answer, best first, each once.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        question = read_question(query.text)
        terms = search_terms(query.text)
        vector = await self._vector(query.text)
        for _ in range(_READ_MOST):
            source = await self._source(scope, query, terms, vector)
            meaning = await self._meaning(scope, query, question, source, vector)
            hits = await to_thread.run_sync(ranked, question, query, source.pool, meaning, source.vectors)
            if await self._is_as_kept(scope, query, terms, source, hits):
                return hits
        return hits

    async def _source(self, scope: Scope, query: Query, terms: Sequence[tuple[str, float]], vector: Vectors) -> Source:
        whole = await self._sources.whole(scope, query)
        return whole or await self._sources.candidates(scope, query, terms, vector)

    async def _meaning(
        self, scope: Scope, query: Query, question: Question, source: Source, vector: Vectors
    ) -> NDArray[np.float64]:
        """Return the cosine of the question and each record, shape (records,); 0 where it is not known."""
        import numpy as np

        if source.vectors is not None:
            return np.asarray(source.vectors @ await self._without_names(question, source, vector), float)
        cosines = source.cosines
        if source.whole and vector.any():
            near = await self._store.nearest(scope, vector, self._embedder.name, query.filter, _NEAREST)
            cosines = {one.record.key: one.score for one in near}
        return np.array([cosines.get(record.key, 0.0) for record in source.pool.records], float)

    async def _is_as_kept(
        self, scope: Scope, query: Query, terms: Sequence[tuple[str, float]], source: Source, hits: Sequence[Hit]
    ) -> bool:
        """Whether what is kept ready is what the store has; candidates were read just now."""
        if not source.whole:
            return True
        if not await self._sources.checked(scope, query, terms, source):
            return False
        now = await self._store.get(scope, [hit.record.key for hit in hits])
        if [one.revision for one in now] == [hit.record.revision for hit in hits]:
            return True
        self._sources.forget()
        return False

    async def _without_names(self, question: Question, source: Source, vector: Vectors) -> Vectors:
        """Return the vector of a question without the speakers' names, where that costs nothing.

        Where two talk, those who say a name are the other one, who greets; what is asked about is not nearer to it.
        """
        named = question.names_among(source.pool.speakers)
        if source.vectors is None or not named or len(source.pool.speakers) > _FEW_SPEAKERS:
            return vector
        calls = frozenset[str]().union(*(name_parts(name) for name in named))
        return await self._vector(question.without(calls))

    async def _vector(self, text: str) -> Vectors:
        import numpy as np

        try:
            found = await self._embedder.embed([text], is_query=True)
            return np.asarray(found[0], np.float32)
        except StoreUnavailableError as error:
            log.warning("recall_by_words_alone", reason=str(error))
            return np.zeros(self._embedder.dimensions, np.float32)


def ranked(
    question: Question, query: Query, pool: Pool, meaning: NDArray[np.float64], vectors: Vectors | None
) -> list[Hit]:
    """Return the records of a pool that help to answer, best first. Takes some milliseconds: for a thread.

    Args:
        question: What is asked, read.
        query: The same with filter, limits and the moment it is asked at.
        pool: The records.
        meaning: The cosine of question and record, shape (records,).
        vectors: The records' vectors where they are at hand.
    """
    import numpy as np

    allowed = np.array([leaves_in(query.filter, record) for record in pool.records], bool)
    if not allowed.any():
        return []
    now = moment_of(query.now) or datetime.now(UTC)
    ranking = rank(question, pool, meaning, now.date(), vectors=vectors, second_look=query.second_look)
    aged = age_factors(pool.records, now, query.half_life_days)
    scores = np.where(allowed & is_like(ranking), ranking.scores() * aged, 0.0)
    return _hits(pool, ranking, scores, aged, query)


def search_terms(text: str) -> list[tuple[str, float]]:
    """Return the terms by which a store looks for candidates, each once with its weight; all stop words if no other."""
    words = [word for word in raw_words(text) if word.split("'", 1)[0] not in STOP_WORDS]
    found = index_terms(" ".join(words)) or index_terms(text)
    return [(term, 1.0) for term in list(dict.fromkeys(found))[:_TERMS_MOST]]


def age_factors(records: Sequence[MemoryRecord], now: datetime, half_life_days: float) -> NDArray[np.float64]:
    """Return what age leaves of each score, in (0, 1]; 1 for what has no time or lies ahead."""
    import numpy as np

    if not half_life_days:
        return np.ones(len(records))
    moments = [moment_of(record.time) or now for record in records]
    ages = [max(0.0, (now - moment).total_seconds() / 86_400) for moment in moments]
    return np.asarray(0.5 ** (np.array(ages) / half_life_days))


def is_like(ranking: Ranking) -> NDArray[np.bool_]:
    """Whether each record has anything to do with the question."""
    columns = ranking.compared.columns
    beside = sum(columns[name] for name in ("words", "before", "after", "sitting", "day"))
    return (beside > 0) | (columns["meaning"] > _UNLIKE)


def _hits(
    pool: Pool, ranking: Ranking, scores: NDArray[np.float64], aged: NDArray[np.float64], query: Query
) -> list[Hit]:
    import numpy as np

    chosen: list[Hit] = []
    left = query.max_chars
    seen: set[tuple[str, ...]] = set()
    for at in np.argsort(-scores, kind="stable"):
        record = pool.records[at]
        if scores[at] <= 0 or len(chosen) == query.limit:
            break
        words = same_words(record, pool.terms[at])
        if words in seen or (query.max_chars and len(record.text) > left):
            continue
        seen.add(words)
        left -= len(record.text)
        why = reasons_for(int(at), pool, ranking, float(aged[at]))
        chosen.append(Hit(record=record, score=float(scores[at]), reasons=why, citation=citation_of(record)))
    return chosen
