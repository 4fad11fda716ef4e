"""Says why a record was recalled and how an answer names it, in words a person understands. Ranks nothing."""

from __future__ import annotations

from sanca.core.memory import MemoryRecord, Reason
from sanca.memory.retrieval.pool import Pool
from sanca.memory.retrieval.ranking import Ranking
from sanca.memory.retrieval.words import STOP_WORDS, raw_words, stem

_KINDS = {
    "words": ("words", "pieces", "covered"),
    "meaning": ("meaning",),
    "speaker": ("speaker", "own_words"),
    "time": ("day", "wants_time"),
    "neighbour": ("before", "after", "before_2", "after_2", "near", "answers", "sitting"),
    "second_look": ("again_words", "again_meaning", "again_beside"),
}
_LEAST_SHARE = 0.02
_WORDS_MOST = 6
_CITED_CHARS = 80


def reasons_for(at: int, pool: Pool, ranking: Ranking, aged: float = 1.0) -> tuple[Reason, ...]:
    """Return why the record at a place was recalled, the weightiest first; the shares add up to 1.

    Args:
        at: The record's place in the pool.
        pool: The records.
        ranking: How they were ranked.
        aged: What age left of its score; 1: age did not count.
    """
    parts = {kind: _part(at, names, ranking) for kind, names in _KINDS.items()}
    if aged < 1:
        parts["recent"] = aged * sum(parts.values()) / 4
    total = sum(parts.values())
    if total <= 0:
        return (Reason(kind="filter", detail="nothing else is nearer", share=1.0),)
    kept = {kind: part for kind, part in parts.items() if part / total >= _LEAST_SHARE}
    whole = sum(kept.values())
    ordered = sorted(kept.items(), key=lambda item: -item[1])
    return tuple(
        Reason(kind=kind, detail=_detail(kind, at, pool, ranking), share=part / whole)  # type: ignore[arg-type]  # keys of _KINDS
        for kind, part in ordered
    )


def _part(at: int, names: tuple[str, ...], ranking: Ranking) -> float:
    columns, weights = ranking.compared.columns, ranking.weights
    return sum(max(0.0, float(columns[name][at]) * weights.get(name, 0.0)) for name in names if name in columns)


def _detail(kind: str, at: int, pool: Pool, ranking: Ranking) -> str:
    record = pool.records[at]
    if kind == "words":
        return ", ".join(_shared_words(pool.texts[at], ranking))
    if kind == "speaker":
        return record.speaker
    if kind == "time":
        return record.time[:10]
    if kind == "neighbour":
        return _nearest_fit(at, pool, ranking)
    return ""


def _shared_words(text: str, ranking: Ranking) -> list[str]:
    """Return the words of a text that the question has too, as they stand in the text."""
    asked = ranking.compared.weights
    found: list[str] = []
    for word in raw_words(text):
        if word[0] >= "\u3400":
            found += [word[i : i + 2] for i in range(len(word) - 1) if word[i : i + 2] in asked]
        elif word not in STOP_WORDS and stem(word) in asked:
            found.append(word)
    return list(dict.fromkeys(found))[:_WORDS_MOST]


def _nearest_fit(at: int, pool: Pool, ranking: Ranking) -> str:
    """Return the id of the record beside it that fits best by itself."""
    columns = ranking.compared.columns
    beside = [near for near in (at - 1, at + 1, at - 2, at + 2) if 0 <= near < len(pool)]
    beside = [near for near in beside if pool.sitting_of[near] == pool.sitting_of[at]]
    if not beside:
        return ""
    return pool.records[max(beside, key=lambda near: columns["words"][near] + columns["pieces"][near])].id


def citation_of(record: MemoryRecord) -> str:
    """Return how an answer names a record: its source where it has one, else who said it and when."""
    if record.layer in ("preference", "experience"):  # their source is a run, which tells a reader nothing
        short = record.text[:_CITED_CHARS]
        return record.title or (short if short == record.text else f"{short.rstrip()}…") or record.id
    if record.source:
        return record.source
    if record.layer in ("message", "sensory"):
        moment = record.time[:16].replace("T", " ")
        return ", ".join(part for part in (record.speaker, moment) if part) or record.id
    return record.title or record.document or record.id
