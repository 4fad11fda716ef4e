"""Notices when documents say different things of the same, and notes it on both sides. Does not say who is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, RecordStore, Scope
from sanca.memory.knowledge.attributes import ATTRIBUTES
from sanca.memory.knowledge.pieces import Fact
from sanca.memory.knowledge.records import facts_of
from sanca.memory.text import index_terms

COMPARED_MOST = 120
"""So many statements of one document are compared with the others."""
_CANDIDATES = 40
_NOTED_MOST = 10
_KNOWLEDGE = RecordFilter(layers=("knowledge",))


class Clash(NamedTuple):
    """Two pieces of different documents that say different things of the same."""

    record: MemoryRecord
    fact: Fact
    other: MemoryRecord
    other_fact: Fact

    def __str__(self) -> str:
        about = told(self.fact)
        here, there = self.record.source, self.other.source
        return f"{about} is {self.fact.shown!r} in {here}, but {self.other_fact.shown!r} in {there}."


def told(fact: Fact) -> str:
    """Return what a statement is about, as a person would name it: `payment: port`."""
    subject = fact.subject.replace("env:", "")
    return f"{subject}: {fact.attribute}" if subject else fact.attribute


class Contradictions:
    """Finds, notes and lifts contradictions of one tenant's pieces."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    async def find(self, tenant: str, records: Sequence[MemoryRecord]) -> list[Clash]:
        """Return where kept pieces of other documents say otherwise than these."""
        scope = Scope(tenant=tenant, user="")
        clashes: list[Clash] = []
        asked = 0
        for record in records:
            for fact in facts_of(record):
                if (asked := asked + 1) > COMPARED_MOST:
                    return clashes
                found = await self._store.lexical(scope, _terms(fact), _KNOWLEDGE, _CANDIDATES)
                others = (candidate.record for candidate in found)
                clashes += [clash for other in others for clash in _clashes(record, fact, other)]
        return clashes

    async def note(self, clashes: Sequence[Clash]) -> None:
        """Note them on the pieces of both sides; results of recall show them."""
        records: dict[str, MemoryRecord] = {}
        noted: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for clash in clashes:
            records[clash.record.id], records[clash.other.id] = clash.record, clash.other
            noted[clash.record.id].append(_entry(clash.fact, clash.other, clash.other_fact))
            noted[clash.other.id].append(_entry(clash.other_fact, clash.record, clash.fact))
        await self._store.put([_with(records[key], entries) for key, entries in noted.items()])

    async def lift(self, tenant: str, removed: Sequence[MemoryRecord]) -> None:
        """Take back what pieces that are no more had against others."""
        gone = {record.id for record in removed}
        named = {str(one.get("id")) for record in removed for one in record.data.get("contradicted_by", ())} - gone
        keys = [RecordKey(layer="knowledge", id=name) for name in sorted(named)]
        if not keys:
            return
        others = await self._store.get(Scope(tenant=tenant, user=""), keys)
        await self._store.put([_without(other, gone) for other in others])


def _terms(fact: Fact) -> list[tuple[str, float]]:
    words = " ".join(word for word in fact.subject.split() if not word.startswith("env:"))
    about = index_terms(words)
    named = index_terms(" ".join((fact.attribute, *ATTRIBUTES.get(fact.attribute, ()))))
    return [*((term, 2.0) for term in dict.fromkeys(about)), *((term, 0.5) for term in dict.fromkeys(named))]


def _clashes(record: MemoryRecord, fact: Fact, other: MemoryRecord) -> list[Clash]:
    if other.document == record.document or other.data.get("gone_at"):
        return []
    same = [one for one in facts_of(other) if (one.subject, one.attribute) == (fact.subject, fact.attribute)]
    if any(one.value == fact.value for one in same):
        return []
    return [Clash(record, fact, other, one) for one in same[:1]]


def _entry(fact: Fact, other: MemoryRecord, other_fact: Fact) -> dict[str, Any]:
    return {
        "id": other.id,
        "document": other.document,
        "citation": other.source,
        "what": told(fact),
        "value": fact.shown,
        "other": other_fact.shown,
    }


def _with(record: MemoryRecord, entries: Sequence[dict[str, Any]]) -> MemoryRecord:
    before = [one for one in record.data.get("contradicted_by", ()) if one not in entries]
    noted = [*before, *{(one["id"], one["what"]): one for one in entries}.values()][-_NOTED_MOST:]
    return record.model_copy(update={"data": {**record.data, "contradicted_by": noted}, "revision": 0})


def _without(record: MemoryRecord, gone: set[str]) -> MemoryRecord:
    left = [one for one in record.data.get("contradicted_by", ()) if one.get("id") not in gone]
    data = {name: value for name, value in record.data.items() if name != "contradicted_by"}
    return record.model_copy(update={"data": {**data, "contradicted_by": left} if left else data, "revision": 0})
