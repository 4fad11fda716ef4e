"""What a company's documents say: taken in, found, forgotten. Knows no format: files are read in another process."""

from __future__ import annotations

import hashlib
import platform
import posixpath
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio
import structlog
from sanca.core.errors import DocumentError
from sanca.core.memory import Hit, MemoryRecord, Query, RecordFilter, Scope
from sanca.memory.knowledge.contradictions import Contradictions
from sanca.memory.knowledge.pieces import Piece, ReadDocument
from sanca.memory.knowledge.reader import DocumentReader
from sanca.memory.knowledge.records import (
    KnownDocument,
    document_of,
    head_key,
    head_record,
    is_head,
    moved,
    outline_of,
    piece_record,
    renewed,
    tenant_scope,
)
from sanca.memory.knowledge.second_opinion import Judge, compare_by_reading
from sanca.memory.memory import Memory

log = structlog.get_logger()

NAME_CHARS = 400
_CUT_BY = "1"
"""Counted up when documents are cut by other rules: they are then read anew."""
_BATCH = 200
_QUERY_CHARS = 8_000
_RELEVANT_MOST = 12


@dataclass(frozen=True)
class AddedDocument:
    """What became of a document that was added."""

    document: str
    """The name under which it is known."""
    pieces: int
    unchanged: bool = False
    """The same content was there already."""
    remarks: tuple[str, ...] = ()
    """Contradictions with what is known, and parts that could not be read."""
    changed: int = 0
    """How many of its pieces are new."""


@dataclass(frozen=True)
class Origin:
    """Where a document's file lies, to check it again."""

    path: str
    root: str = ""


class KnowledgeBase:
    """The documents of all tenants. Safe to call from many tasks at once; documents are taken in one after another.

    Lifecycle: nothing to open or close; works as long as the store of its memory is open.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        judge: Judge | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take what it works with.

        Args:
            memory: Keeps and finds pieces.
            judge: Reads where rules see no contradiction; None: rules alone.
            clock: Tells the time.
        """
        self.memory = memory
        self._judge = judge
        self._clock = clock
        self._adding = anyio.Lock()
        self._contradictions = Contradictions(memory.store)
        self._reader: DocumentReader | None = None

    @asynccontextmanager
    async def many(self) -> AsyncIterator[None]:
        """Keep the reader's process for all documents that are added within the block."""
        if self._reader is not None:
            yield
            return
        async with DocumentReader() as self._reader:
            try:
                yield
            finally:
                self._reader = None

    async def add_document(
        self,
        scope: Scope,
        name: str,
        content: bytes,
        media_type: str = "",
        *,
        valid_for_days: float | None = None,
        origin: Origin | None = None,
    ) -> AddedDocument:
        """Take a document into the tenant's knowledge, or take in what changed of it.

        Args:
            scope: Whose tenant; its user does not matter.
            name: Under which it is known and cited, for instance `runbooks/payment.md`; its ending tells its kind.
            content: The file as it is, at most 20 MB.
            media_type: Tells the kind where the name does not.
            valid_for_days: From now on; 0: without end; None: as before.
            origin: Where the file lies, if it is to be checked again; None: it is no file of this machine.

        Raises:
            DocumentError: It cannot be read; says why. What was known of it before is as it was.
            StoreError: The store refused, or does not answer; adding it again goes on.
        """
        name = clean_name(name)
        async with self._adding:
            kept = await self.memory.get(tenant_scope(scope), head_key(name))
            before = document_of(kept) if kept else KnownDocument(name)
            digest = digest_of(content)
            if before.digest == digest and not before.gone_at:
                return await self._confirm(scope.tenant, before, valid_for_days, origin)
            async with self._reading() as reader:
                read = await reader.read(name, content, media_type)
            if not read.pieces:
                raise DocumentError(name, "it has no text")
            return await self._write(scope.tenant, before, read, digest, valid_for_days, origin, kept)

    async def forget(self, scope: Scope, name: str) -> int:
        """Forget a document; return how many pieces it had, 0 when it is not known."""
        async with self._adding:
            pieces = await self.pieces(scope, name)
            await self._contradictions.lift(scope.tenant, pieces)
            which = RecordFilter(layers=("knowledge",), documents=(name,))
            count = await self.memory.forget(tenant_scope(scope), which)
            return len(pieces) or min(count, 1)

    async def documents(self, scope: Scope) -> list[KnownDocument]:
        """Return the tenant's documents by name."""
        heads = [record async for record in self.records(tenant_scope(scope)) if is_head(record)]
        return sorted((document_of(record) for record in heads), key=lambda document: document.name)

    async def pieces(self, scope: Scope, name: str) -> list[MemoryRecord]:
        """Return a document's pieces in order."""
        found = [one async for one in self.records(tenant_scope(scope), documents=(name,)) if not is_head(one)]
        return sorted(found, key=lambda record: record.position)

    async def records(self, scope: Scope | None, documents: tuple[str, ...] = ()) -> AsyncIterator[MemoryRecord]:
        """Yield heads and pieces; a scope of None is every tenant's."""
        which = RecordFilter(layers=("knowledge",), documents=documents)
        async for page, _ in self.memory.store.scan(scope, which):
            for record in page:
                yield record

    async def recall(self, scope: Scope, query: Query) -> list[Hit]:
        """Return pieces that answer a question, best first; notes of the user are found too."""
        which = query.filter.model_copy(update={"layers": ("knowledge",)})
        asked = query.model_copy(update={"filter": which, "limit": min(200, query.limit + _RELEVANT_MOST)})
        hits = await self.memory.recall(scope, asked)
        return [hit for hit in hits if not is_head(hit.record)][: query.limit]

    async def relevant(self, scope: Scope, text: str, max_chars: int) -> list[Hit]:
        """Return the pieces that fit a message, best first, their texts together at most so long.

        `sanca.memory.knowledge.doubt_of(hit.record)` says what speaks against one of them.
        """
        if not text.strip() or max_chars <= 0:
            return []
        hits = await self.recall(scope, Query(text=text[:_QUERY_CHARS], limit=_RELEVANT_MOST))
        found: list[Hit] = []
        room = max_chars
        for hit in fitting(text, hits):
            if len(hit.record.text) <= room:
                found.append(hit)
                room -= len(hit.record.text)
        return found

    async def rewrite(self, records: Sequence[MemoryRecord]) -> None:
        """Keep changed notes on pieces whose text is the same: their vectors stay."""
        for start in range(0, len(records), _BATCH):
            await self.memory.store.put(records[start : start + _BATCH])

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[DocumentReader]:
        if self._reader is not None:
            yield self._reader
            return
        async with DocumentReader() as reader:
            yield reader

    async def _confirm(
        self, tenant: str, before: KnownDocument, valid_for_days: float | None, origin: Origin | None
    ) -> AddedDocument:
        """Note that a document is as it was; with a validity it is valid anew."""
        now = self._clock()
        document = replace(_placed(before, origin) if origin else before, checked_at=_iso(now))
        if valid_for_days is not None:
            document = renewed(document, now, valid_for_days)
        changed = [head_record(tenant, document)]
        if document.valid_until != before.valid_until:
            pieces = await self.pieces(Scope(tenant=tenant, user=""), before.name)
            update = {"valid_until": document.valid_until, "revision": 0}
            changed += [piece.model_copy(update=update) for piece in pieces]
        await self.rewrite(changed)
        return AddedDocument(document.name, document.pieces, unchanged=True, remarks=document.remarks)

    async def _write(
        self,
        tenant: str,
        before: KnownDocument,
        read: ReadDocument,
        digest: str,
        valid_for_days: float | None,
        origin: Origin | None,
        kept: MemoryRecord | None,
    ) -> AddedDocument:
        """Write the head without a digest, the pieces, and the head with it: what breaks off is begun again."""
        now = self._clock()
        document = replace(
            _placed(before, origin), title=read.title, kind=read.kind, is_runbook=read.is_runbook,
            pieces=len(read.pieces), digest="", added_at=_iso(now), checked_at=_iso(now), gone_at="",
            remarks=read.remarks, outline=outline_of(before.name, read.pieces),
        )  # fmt: skip
        document = renewed(document, now, valid_for_days)
        old = await self.pieces(Scope(tenant=tenant, user=""), before.name)
        plan = _plan(tenant, document, read.pieces, old)
        document = replace(document, next_number=plan.next_number)
        await self.memory.add([head_record(tenant, document, revision=kept.revision if kept else 0)])
        await self.rewrite(plan.stayed)
        for start in range(0, len(plan.new), _BATCH):
            await self.memory.add(plan.new[start : start + _BATCH])
        await self._drop(tenant, document.name, plan.gone)
        remarks = [*read.remarks, *await self._compare(tenant, plan.new)]
        document = replace(document, digest=digest, remarks=tuple(remarks[:50]))
        await self.rewrite([head_record(tenant, document)])
        return AddedDocument(document.name, document.pieces, remarks=document.remarks, changed=len(plan.new))

    async def _drop(self, tenant: str, name: str, gone: Sequence[MemoryRecord]) -> None:
        await self._contradictions.lift(tenant, gone)
        for start in range(0, len(gone), _BATCH):
            ids = tuple(record.id for record in gone[start : start + _BATCH])
            which = RecordFilter(layers=("knowledge",), documents=(name,), ids=ids)
            await self.memory.forget(Scope(tenant=tenant, user=""), which)

    async def _compare(self, tenant: str, new: Sequence[MemoryRecord]) -> list[str]:
        clashes = await self._contradictions.find(tenant, new)
        if self._judge is not None:
            clashes += await compare_by_reading(self.memory, self._judge, tenant, new, clashes)
        if clashes:
            log.info("knowledge_contradicts", tenant=tenant, document=new[0].document, count=len(clashes))
            await self._contradictions.note(clashes)
        return list(dict.fromkeys(str(clash) for clash in clashes))


@dataclass(frozen=True)
class _Plan:
    """What is to be written of a document that changed."""

    stayed: list[MemoryRecord]
    new: list[MemoryRecord]
    gone: list[MemoryRecord]
    next_number: int


def _plan(tenant: str, document: KnownDocument, pieces: Sequence[Piece], old: Sequence[MemoryRecord]) -> _Plan:
    by_digest: dict[str, list[MemoryRecord]] = {}
    for record in reversed(old):
        by_digest.setdefault(str(record.data.get("digest")), []).append(record)
    number = max([document.next_number, *(_number(record) + 1 for record in old)])
    stayed, new = [], []
    for position, piece in enumerate(pieces, 1):
        if same := by_digest.get(piece.digest):
            stayed.append(moved(same.pop(), document, piece, position))
        else:
            new.append(piece_record(tenant, document, piece, number, position))
            number += 1
    return _Plan(stayed, new, [record for left in by_digest.values() for record in left], number)


def _number(record: MemoryRecord) -> int:
    tail = record.id.rpartition("#")[2]
    return int(tail) if tail.isdigit() else 0


def _placed(before: KnownDocument, origin: Origin | None) -> KnownDocument:
    """Return the document with where its file lies; what is uploaded over a file's document is no file's any more."""
    if origin is None:
        return replace(before, path="", root="", machine="")
    return replace(before, path=origin.path, root=origin.root, machine=platform.node())


def digest_of(content: bytes) -> str:
    """Return what tells whether a file is to be read anew."""
    return f"{_CUT_BY}:{hashlib.sha256(content).hexdigest()}"


def clean_name(name: str) -> str:
    """Return a document's name with plain slashes, without `..` and what would not be seen.

    Raises:
        DocumentError: Nothing is left of it, or it is too long.
    """
    shown = "".join(one for one in name.replace("\\", "/") if one.isprintable()).strip()
    parts = [part for part in posixpath.normpath(shown).split("/") if part not in {"", ".", ".."}]
    cleaned = "/".join(parts).replace("#", "＃")
    if not cleaned:
        raise DocumentError(name, "a document needs a name")
    if len(cleaned) > NAME_CHARS:
        raise DocumentError(f"{cleaned[:60]}…", f"its name is longer than {NAME_CHARS} characters")
    return cleaned


def fitting(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return those hits that are about what a message is about, rather than merely the nearest there are."""
    return [hit for hit in hits if hit.score >= FITS_AT]


FITS_AT = 0.35
"""From this score on a piece goes into a prompt unasked."""


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
