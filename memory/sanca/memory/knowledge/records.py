"""Documents and pieces as records of the layer `knowledge`, and back. Keeps nothing itself.

A document is one head, `<document>#0`, which tells how it was added, and its pieces, `<document>#<n>`. The numbers are
given once and never again in a document, so that a piece that stays keeps its record and its vector where it moves.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sanca.core.memory import MemoryRecord, RecordKey, Scope
from sanca.memory.knowledge.pieces import Fact, Piece
from sanca.memory.text import language_of

HEAD = "document"
"""`data.kind` of a head."""
NOTE = "note"
"""`data.kind` of what an action was asked to remember: a user's, not the tenant's."""
NOTES = "notes"
"""`document` of notes."""
_OUTLINE_CHARS = 1_000


@dataclass(frozen=True)
class KnownDocument:
    """How a document was added and how it stands."""

    name: str
    title: str = ""
    kind: str = "text"
    is_runbook: bool = False
    pieces: int = 0
    digest: str = ""
    """Of its content and of the rules it was cut by; empty while it is being written."""
    next_number: int = 1
    added_at: str = ""
    checked_at: str = ""
    valid_for_days: float = 0.0
    valid_until: str = ""
    path: str = ""
    """The file it was read from, to check it again; empty: uploaded."""
    root: str = ""
    """The folder with which it was added."""
    machine: str = ""
    """On which its file lies; another one does not look for it."""
    gone_at: str = ""
    """Since when its file is not there any more."""
    remarks: tuple[str, ...] = ()
    outline: str = ""

    @property
    def is_checkable(self) -> bool:
        """Whether there is a file that this machine can look at again."""
        return bool(self.path) and self.machine == platform.node()

    def is_expired(self, now: datetime) -> bool:
        """Whether its validity is over."""
        return bool(self.valid_until) and datetime.fromisoformat(self.valid_until) <= now


def head_key(name: str) -> RecordKey:
    """Return what names a document's head."""
    return RecordKey(layer="knowledge", id=f"{name}#0")


def tenant_scope(scope: Scope) -> Scope:
    """Return the scope of what belongs to the whole tenant."""
    return Scope(tenant=scope.tenant, user="")


def is_head(record: MemoryRecord) -> bool:
    """Whether a record tells of a document rather than being a piece of it."""
    return record.layer == "knowledge" and record.data.get("kind") == HEAD


def head_record(tenant: str, document: KnownDocument, *, revision: int = 0) -> MemoryRecord:
    """Return a document's head as a record; what is searched of it is its outline."""
    kept = {name: value for name, value in asdict(document).items() if name not in {"name", "outline", "valid_until"}}
    return MemoryRecord(
        tenant=tenant,
        layer="knowledge",
        id=f"{document.name}#0",
        text=document.outline or document.name,
        title=document.title,
        time=document.added_at,
        document=document.name,
        source=document.name,
        language=language_of(document.outline),
        valid_until=document.valid_until,
        data={**kept, "kind": HEAD, "document_kind": document.kind, "remarks": list(document.remarks)},
        revision=revision,
    )


def document_of(record: MemoryRecord) -> KnownDocument:
    """Return what a head tells."""
    data: dict[str, Any] = {name: record.data[name] for name in _HEAD_FIELDS if name in record.data}
    return KnownDocument(
        name=record.document,
        kind=str(record.data.get("document_kind", "text")),
        valid_until=record.valid_until,
        outline=record.text,
        remarks=tuple(record.data.get("remarks", ())),
        **data,
    )


_HEAD_FIELDS = (
    "title", "is_runbook", "pieces", "digest", "next_number", "added_at", "checked_at", "valid_for_days", "path",
    "root", "machine", "gone_at",
)  # fmt: skip


def outline_of(name: str, pieces: Sequence[Piece]) -> str:
    """Return the headings of a document below its name, at most 1,000 characters."""
    headings = dict.fromkeys(piece.heading.rpartition(" > ")[2] for piece in pieces)
    return f"{name}: {'; '.join(headings)}"[:_OUTLINE_CHARS]


def piece_record(tenant: str, document: KnownDocument, piece: Piece, number: int, position: int) -> MemoryRecord:
    """Return a piece as a record; its heading stands in front of its text."""
    return MemoryRecord(
        tenant=tenant,
        layer="knowledge",
        id=f"{document.name}#{number}",
        text=f"{piece.heading}\n\n{piece.text}",
        title=piece.heading,
        time=document.added_at,
        document=document.name,
        position=position,
        source=source_of(document.name, piece),
        language=language_of(piece.text),
        valid_until=document.valid_until,
        data=_data(document, piece),
    )


def moved(record: MemoryRecord, document: KnownDocument, piece: Piece, position: int) -> MemoryRecord:
    """Return the record of a piece that stayed, where it stands now; what was noted of it stays."""
    noted = {name: value for name, value in record.data.items() if name == "contradicted_by"}
    changes = {
        "position": position,
        "source": source_of(document.name, piece),
        "valid_until": document.valid_until,
        "data": {**_data(document, piece), **noted},
        "revision": 0,
    }
    return record.model_copy(update=changes)


def _data(document: KnownDocument, piece: Piece) -> dict[str, Any]:
    data: dict[str, Any] = {
        "path": document.name,
        "lines": [piece.first_line, piece.last_line] if piece.first_line else [],
        "heading": piece.heading,
        "kind": "runbook" if document.is_runbook and piece.kind != "code" else piece.kind,
        "digest": piece.digest,
        "checked_at": document.checked_at,
    }
    if piece.page:
        data["page"] = piece.page
    if piece.facts:
        data["facts"] = [[fact.subject, fact.attribute, fact.value, fact.shown] for fact in piece.facts]
    return data


def source_of(name: str, piece: Piece) -> str:
    """Return how people name a piece's place: `runbooks/payment.md, lines 12-30`."""
    if piece.page:
        return f"{name}, page {piece.page}"
    if not piece.first_line:
        return name
    if piece.first_line == piece.last_line:
        return f"{name}, line {piece.first_line}"
    return f"{name}, lines {piece.first_line}-{piece.last_line}"


def facts_of(record: MemoryRecord) -> list[Fact]:
    """Return what a kept piece states."""
    return [Fact(*(str(part) for part in parts)) for parts in record.data.get("facts", ()) if len(parts) == 4]


def renewed(document: KnownDocument, now: datetime, valid_for_days: float | None) -> KnownDocument:
    """Return the document as it is from now on, valid for so many days, or as long as it said before."""
    days = document.valid_for_days if valid_for_days is None else valid_for_days
    until = (now + timedelta(days=days)).isoformat(timespec="seconds") if days else ""
    return replace(document, valid_for_days=days, valid_until=until)


def doubts_of(document: KnownDocument, now: datetime) -> list[str]:
    """Return what speaks against a document as a whole, in words for people."""
    doubts = [f"gone since {document.gone_at[:10]}"] if document.gone_at else []
    return [*doubts, "expired"] if document.is_expired(now) else doubts


def doubt_of(record: MemoryRecord, now: datetime | None = None) -> str:
    """Return why a piece may not hold any more, in a sentence or two; empty when nothing speaks against it."""
    doubts = []
    if record.data.get("gone_at"):
        doubts.append(f"its file is gone since {str(record.data['gone_at'])[:10]}")
    elif record.valid_until and datetime.fromisoformat(record.valid_until) <= (now or datetime.now(UTC)):
        doubts.append(f"it was valid until {record.valid_until[:10]} and was not checked since")
    doubts.extend(_contradiction(other) for other in list(record.data.get("contradicted_by", ()))[:3])
    return "; ".join(doubts)


def _contradiction(other: Mapping[str, Any]) -> str:
    return f"{other.get('citation', '')} says otherwise: {other.get('what', '')} {other.get('other', '')}"
