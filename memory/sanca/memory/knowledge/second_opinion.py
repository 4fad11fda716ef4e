"""Has a reader, a model, compare new pieces with the likest ones of other documents. Bounded in number and time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio
import structlog
from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord, Query, RecordFilter, Scope
from sanca.memory.knowledge.contradictions import Clash
from sanca.memory.knowledge.pieces import Fact
from sanca.memory.knowledge.records import NOTE, is_head
from sanca.memory.memory import Memory

log = structlog.get_logger()

COMPARED_MOST = 6
"""So many pieces of one document are compared by reading."""
ALL_SECONDS = 20.0
"""So long it may take together; what is not compared by then is not."""
_LIKE = 0.5
"""Another piece may be about the same when it scores at least so much of what the piece itself does."""
_QUERY_CHARS = 1_500
_READ_KINDS = frozenset({"prose", "table", "runbook"})


@dataclass(frozen=True)
class Disagreement:
    """What two texts say differently."""

    about: str
    first: str
    second: str


Judge = Callable[[str, str], Awaitable[Disagreement | None]]
"""Reads two texts and tells where they contradict each other; None: they do not, or nobody can tell."""


async def compare_by_reading(
    memory: Memory, judge: Judge, tenant: str, new: Sequence[MemoryRecord], known: Sequence[Clash]
) -> list[Clash]:
    """Return contradictions that a judge finds besides those already known; few, and within 20 seconds."""
    noted = {clash.record.id for clash in known}
    asked = [one for one in new if one.id not in noted and one.data.get("kind") in _READ_KINDS][:COMPARED_MOST]
    found: list[Clash] = []

    async def compare(record: MemoryRecord) -> None:
        try:
            other = await _likest(memory, tenant, record)
        except StoreError as error:  # the document is kept; only the comparing is left out
            log.warning("knowledge_not_compared", reason=str(error))
            return
        said = await judge(record.text, other.text) if other else None
        if said is not None and other is not None:
            found.append(Clash(record, _fact(said.about, said.first), other, _fact(said.about, said.second)))

    with anyio.move_on_after(ALL_SECONDS):
        async with anyio.create_task_group() as tasks:
            for record in asked:
                tasks.start_soon(compare, record)
    return found


async def _likest(memory: Memory, tenant: str, record: MemoryRecord) -> MemoryRecord | None:
    query = Query(
        text=record.text[:_QUERY_CHARS], limit=20, filter=RecordFilter(layers=("knowledge",)), second_look=False
    )
    hits = await memory.recall(Scope(tenant=tenant, user=""), query)
    least = _LIKE * max((hit.score for hit in hits), default=0.0)
    for hit in hits:
        other = hit.record
        is_another = other.document != record.document and not is_head(other) and other.data.get("kind") != NOTE
        if is_another and hit.score >= least and not other.data.get("gone_at"):
            return other
    return None


def _fact(about: str, value: str) -> Fact:
    return Fact("", about[:120], value[:80].casefold(), value[:80])
