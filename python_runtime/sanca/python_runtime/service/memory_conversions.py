"""From the memory messages of engine.proto to the panel's types, and back. No waiting, no deciding."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sanca.core.memory import Layer, RecordKey
from sanca.core.messages import Caller
from sanca.python_runtime.memory_panel import SHOWN_LAYERS, Change, Found, ShownRecord, Wanted
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service.conversions import json_object

_QUERY_CHARS, _TEXT_CHARS, _TITLE_CHARS = 8_000, 200_000, 500
_ID_CHARS = 512
_ITEMS = 200


def wanted_from(request: pb.SearchMemoryRequest) -> Wanted:
    """Return what is looked for.

    Raises:
        BadRequestError: A layer is not known, or a field is too long.
    """
    if len(request.ids) > _ITEMS:
        raise BadRequestError(f"At most {_ITEMS} ids are looked for at once.")
    return Wanted(
        query=_text(request.query, "query", _QUERY_CHARS),
        layers=tuple(_layer(layer) for layer in request.layers),
        session_id=_text(request.session_id, "session_id", _ID_CHARS),
        document=_text(request.document, "document", _ID_CHARS),
        ids=tuple(_text(one, "ids", _ID_CHARS) for one in request.ids),
        limit=request.limit,
        after=_text(request.after, "after", _ID_CHARS),
    )


def key_from(item: pb.MemoryItem, caller: Caller) -> RecordKey:
    """Return which record an item names: one of the caller's own, or one of the whole tenant's.

    Raises:
        BadRequestError: Layer or id is missing or wrong.
    """
    if not item.id:
        raise BadRequestError("The item has no id.")
    return _key(item, caller)


def change_from(item: pb.MemoryItem, caller: Caller) -> Change:
    """Return what a person changed, or adds: only what is added may be without an id.

    Raises:
        BadRequestError: A field is missing, wrong or too long.
    """
    return Change(
        key=key_from(item, caller) if item.revision else _key(item, caller),
        revision=item.revision,
        text=_text(item.text, "text", _TEXT_CHARS),
        title=_text(item.title, "title", _TITLE_CHARS),
        data=json_object(item.data_json, "data_json"),
    )


def item_message(shown: ShownRecord) -> pb.MemoryItem:
    """Return a record for the wire."""
    record = shown.record
    return pb.MemoryItem(
        layer=record.layer,
        id=record.id,
        session_id=record.session_id,
        whole_tenant=not record.user,
        title=record.title,
        text=record.text,
        speaker=record.speaker,
        time=record.time or record.created_at,
        source=record.source,
        document=record.document,
        citation=shown.citation,
        valid_until=record.valid_until,
        data_json=json.dumps(record.data, ensure_ascii=False) if record.data else "",
        revision=record.revision,
        updated_at=record.updated_at,
        score=shown.score,
        reasons=[pb.MemoryReason(kind=one.kind, detail=one.detail, share=one.share) for one in shown.reasons],
        can_edit=shown.can_edit,
        can_forget=shown.can_change,
    )


def found_message(found: Found, store: str, notice: str = "") -> pb.SearchMemoryReply:
    """Return a page of what was found for the wire."""
    return pb.SearchMemoryReply(
        items=[item_message(shown) for shown in found.records],
        next=found.next,
        counts=[pb.LayerCount(layer=layer, records=found.counts.get(layer, 0)) for layer in SHOWN_LAYERS],
        store=store,
        notice=notice,
    )


def export_name(caller: Caller) -> str:
    """Return what an export is called when it is saved."""
    user = "".join(letter if letter.isalnum() else "-" for letter in caller.user)[:60]
    return f"sanca-memory-{user}-{datetime.now(UTC):%Y-%m-%d}.jsonl"


def _key(item: pb.MemoryItem, caller: Caller) -> RecordKey:
    return RecordKey(
        layer=_layer(item.layer),
        id=_text(item.id, "id", _ID_CHARS),
        user="" if item.whole_tenant else caller.user,
        session_id=_text(item.session_id, "session_id", _ID_CHARS),
    )


def _layer(value: str) -> Layer:
    if value not in SHOWN_LAYERS:
        raise BadRequestError(f"The layer is one of {', '.join(SHOWN_LAYERS)}, not {value[:40]!r}.")
    return value


def _text(value: str, name: str, most: int) -> str:
    if len(value) > most:
        raise BadRequestError(f"The field {name} has at most {most:,} characters.")
    return value
