"""What a person sees and changes of memory through the page: found, listed, corrected, forgotten, in their scope only.

Not a second memory: it reads and writes through `Memory`. Who may change what belongs to the whole tenant is decided
here, by the caller's rights; the host has checked them before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sanca.core.errors import RecordConflictError
from sanca.core.memory import Layer, MemoryRecord, Query, Reason, RecordFilter, RecordKey, Scope
from sanca.core.messages import Caller
from sanca.memory.experience import ExperienceBook
from sanca.memory.experience.book import Kept
from sanca.memory.experience.records import Experience
from sanca.memory.knowledge.records import NOTE, is_head
from sanca.memory.preferences.rules import said_for_good
from sanca.memory.retrieval.explain import citation_of
from sanca.python_runtime.memory_parts import MemoryParts
from sanca.python_runtime.refusals import BadRequestError, NotAllowedError, NotFoundError

KNOWLEDGE_RIGHT = "knowledge:write"
"""Lets a caller change what belongs to the whole tenant."""
SHOWN_LAYERS: tuple[Layer, ...] = ("message", "summary", "knowledge", "experience", "preference")
"""What the page lists. Sensory records are gone in minutes and are nobody's to keep."""
PREFERENCE_KINDS = ("role", "habit", "language", "do", "dont")
_EDITED: tuple[Layer, ...] = ("summary", "knowledge", "experience", "preference")
"""What was said stays as it was said: a message can be forgotten, not rewritten."""
_PAGE, _MOST = 50, 200
_LOOKED_THROUGH = 2_000
"""Pieces read for one page of documents at most: a folder of source code has very many between two of them."""


@dataclass(frozen=True)
class ShownRecord:
    """A record as a caller may see it."""

    record: MemoryRecord
    can_change: bool
    """The caller may forget it, and edit it where its layer is edited at all."""
    score: float = 0.0
    reasons: tuple[Reason, ...] = ()
    citation: str = ""

    @property
    def can_edit(self) -> bool:
        """Whether its text may be corrected."""
        return self.can_change and self.record.layer in _EDITED and not is_head(self.record)


@dataclass(frozen=True)
class Wanted:
    """What is looked for; without a query it is listed, newest first."""

    query: str = ""
    layers: tuple[Layer, ...] = ()
    session_id: str = ""
    document: str = ""
    ids: tuple[str, ...] = ()
    limit: int = 0
    after: str = ""


@dataclass(frozen=True)
class Found:
    """A page of what was found."""

    records: list[ShownRecord]
    counts: dict[Layer, int]
    next: str = ""
    """The mark from which the list goes on; empty: it ends here."""


@dataclass(frozen=True)
class Change:
    """What a person changed of a record, or adds (revision 0)."""

    key: RecordKey
    revision: int
    text: str
    title: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class MemoryPanel:
    """Reads and writes memory for callers. Safe to call from many tasks at once."""

    def __init__(self, parts: MemoryParts, book: ExperienceBook) -> None:
        """Take what it reads and writes.

        Args:
            parts: The engine's memory.
            book: Keeps experiences, and their skills as folders.
        """
        self._parts = parts
        self._memory = parts.memory
        self._book = book

    async def find(self, caller: Caller, wanted: Wanted) -> Found:
        """Return what answers the query best, or what there is, newest first.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        scope = caller.scope
        which = RecordFilter(
            layers=wanted.layers or SHOWN_LAYERS,
            session_ids=(wanted.session_id,) if wanted.session_id else (),
            documents=(wanted.document,) if wanted.document else (),
            ids=wanted.ids,
        )
        limit = min(wanted.limit or _PAGE, _MOST)
        counts = await self._memory.store.count(scope, RecordFilter(layers=SHOWN_LAYERS))
        if wanted.query.strip():
            return Found(
                await self._recalled(caller, scope, Query(text=wanted.query, limit=limit, filter=which)), counts
            )
        records, more = await self._listed(scope, which, wanted.after, limit)
        return Found([_shown(caller, record) for record in records], counts, more)

    async def _listed(
        self, scope: Scope, which: RecordFilter, after: str, limit: int
    ) -> tuple[list[MemoryRecord], str]:
        """Return a page, newest first, with documents in place of their pieces; of one document its pieces in order."""
        named = bool(which.documents or which.ids)
        found: list[MemoryRecord] = []
        looked = 0
        scan = self._memory.store.scan(scope, which, newest_first=not which.documents, after=after, page=limit)
        async for records, mark in scan:
            found += [record for record in records if named or not _is_part(record)]
            looked += len(records)
            if len(records) == limit and (len(found) >= limit or looked >= _LOOKED_THROUGH):
                return _in_order(found, which), mark
        return _in_order(found, which), ""

    async def _recalled(self, caller: Caller, scope: Scope, query: Query) -> list[ShownRecord]:
        hits = await self._memory.recall(scope, query)
        return [
            _shown(caller, hit.record, hit.score, hit.reasons, hit.citation) for hit in hits if not _is_mark(hit.record)
        ]

    async def edit(self, caller: Caller, change: Change) -> ShownRecord:
        """Correct a record, or add a preference, and return it as it is kept: masked.

        Raises:
            NotFoundError: There is no such record of the caller's.
            NotAllowedError: It is the whole tenant's and the caller may not change that.
            RecordConflictError: Another changed it since it was read.
        """
        if not change.text.strip():
            raise BadRequestError("What is remembered needs words; to be rid of it, forget it.")
        if change.revision == 0:
            return await self._add_preference(caller, change)
        scope = _scope_of(caller, change.key)
        record = await self._memory.get(scope, change.key)
        if record is None:
            raise NotFoundError(f"There is no {change.key.layer} {change.key.id!r} of yours any more.")
        if record.layer not in _EDITED:
            raise BadRequestError("What was said stays as it was said: a message can be forgotten, not changed.")
        if record.revision != change.revision:
            raise RecordConflictError(record.id)
        return await self._keep(caller, record.model_copy(update=_changes(record, change)))

    async def _add_preference(self, caller: Caller, change: Change) -> ShownRecord:
        if change.key.layer != "preference" or change.key.user != caller.user:
            raise BadRequestError("Only a preference of your own can be added here; revision 0 means a new record.")
        kind, text = _kind(change.data.get("kind", "habit")), change.text.strip()
        wishes = said_for_good(text).wishes
        wish = wishes[0] if len(wishes) == 1 else None  # what it goes against has the same id, and gives way
        name = change.key.id or (wish.id if wish else await self._new_id(caller, text))
        more = {"language": wish.language} if wish and wish.language else {}
        kept = await self._parts.preferences.set(caller.scope, name, text, wish.kind if wish else kind, **more)
        return await self._as_kept(caller, kept)

    async def _new_id(self, caller: Caller, text: str) -> str:
        slug = re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:60] or "wish"
        names = [slug, *(f"{slug}-{number}" for number in range(2, 100))]
        keys = [RecordKey(layer="preference", id=name, user=caller.user) for name in names]
        taken = {record.id for record in await self._memory.store.get(caller.scope, keys)}
        if free := next((name for name in names if name not in taken), None):
            return free
        raise BadRequestError("There are a hundred preferences that begin like this one; word it differently.")

    async def _keep(self, caller: Caller, record: MemoryRecord) -> ShownRecord:
        await self._memory.add([record])
        if record.layer == "summary":  # the day's file says the same
            await self._parts.days.take_edits(caller.scope, record.document)
        return await self._as_kept(caller, record)

    async def _as_kept(self, caller: Caller, record: MemoryRecord) -> ShownRecord:
        kept = await self._memory.get(_scope_of(caller, record.key), record.key)
        if kept is None:
            raise NotFoundError(f"{record.id!r} was forgotten by another in the same moment.")
        return _shown(caller, kept)

    async def forget(self, caller: Caller, keys: Sequence[RecordKey]) -> int:
        """Forget records for good; return how many there were.

        Raises:
            NotAllowedError: One is the whole tenant's and the caller may not change that; nothing was forgotten.
        """
        scopes = [_scope_of(caller, key) for key in keys]
        forgotten = 0
        for scope, key in zip(scopes, keys, strict=True):
            if (record := await self._memory.get(scope, key)) is not None:
                forgotten += await self._forget(scope, record)
        return forgotten

    async def _forget(self, scope: Scope, record: MemoryRecord) -> int:
        """Forget a record and what lies beside it: a document's pieces, a skill's folder, its place in a day's file."""
        if is_head(record):
            return await self._parts.knowledge.forget(scope, record.document)
        if record.layer == "experience":
            await self._book.forget(Kept(record, Experience.of(record)))
            return 1
        sessions = (record.session_id,) if record.session_id else ()
        which = RecordFilter(layers=(record.layer,), ids=(record.id,), session_ids=sessions, own_only=True)
        count = await self._memory.forget(scope, which)
        if record.layer == "summary":
            await self._parts.days.take_edits(scope, record.document)
        return count


def may_teach(caller: Caller) -> bool:
    """Return whether a caller may change what belongs to the whole tenant."""
    return KNOWLEDGE_RIGHT in caller.rights or "*" in caller.rights


def check_may_teach(caller: Caller) -> None:
    """Let those pass who may change what belongs to the whole tenant.

    Raises:
        NotAllowedError: The caller is not one of them.
    """
    if not may_teach(caller):
        raise NotAllowedError(
            f"The user {caller.user!r} needs the right {KNOWLEDGE_RIGHT!r} to change what everybody here relies on."
        )


def _scope_of(caller: Caller, key: RecordKey) -> Scope:
    """Return whose memory a key means: the caller's own, or the tenant's where the caller may change it."""
    if key.user:
        return caller.scope
    check_may_teach(caller)
    return Scope(tenant=caller.tenant, user="")


def _in_order(records: list[MemoryRecord], which: RecordFilter) -> list[MemoryRecord]:
    return sorted(records, key=lambda record: record.position) if which.documents else records


def _is_part(record: MemoryRecord) -> bool:
    """Whether a record is no thing of its own: a piece of a document, or what only says that a day was summed up."""
    is_piece = record.layer == "knowledge" and not is_head(record) and record.data.get("kind") != NOTE
    return is_piece or _is_mark(record)


def _is_mark(record: MemoryRecord) -> bool:
    """Whether a record only says that a day was summed up."""
    return record.layer == "summary" and record.id == f"user-{record.document}-0"


def _shown(
    caller: Caller, record: MemoryRecord, score: float = 0.0, reasons: tuple[Reason, ...] = (), citation: str = ""
) -> ShownRecord:
    can_change = bool(record.user) or may_teach(caller)
    return ShownRecord(record, can_change, score, reasons, citation or citation_of(record))


def _changes(record: MemoryRecord, change: Change) -> dict[str, Any]:
    data = {**record.data, "edited": True}
    if record.layer == "preference":
        data |= {"kind": _kind(change.data.get("kind", record.data.get("kind", "habit"))), "by": "user"}
    return {"text": change.text.strip(), "title": change.title.strip() or record.title, "data": data}


def _kind(value: object) -> str:
    if value not in PREFERENCE_KINDS:
        raise BadRequestError(f"The kind of a preference is one of {', '.join(PREFERENCE_KINDS)}, not {value!r}.")
    return str(value)
