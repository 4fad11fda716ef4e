"""Records as documents of Elasticsearch and back: beside what is searched the record lies whole, as JSON."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from sanca.core.memory import Layer, MemoryRecord, RecordKey
from sanca.core.messages import Message
from sanca.memory.stores.contents import data_of, terms_of
from sanca.memory.stores.moments import moment_of

Document = dict[str, Any]

HEAD = ["text_digest", "created_at", "revision", "position", "kept", "embedded_by"]
"""What a new version of a record takes over from the kept one."""


def digest_of(*parts: str) -> str:
    """Return an id for what the parts name together."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def document_id(tenant: str, key: RecordKey) -> str:
    """Return the id of a record's document: another tenant's key never names it."""
    return digest_of(tenant, key.user, key.session_id, key.layer, key.id)


def vector_field(embedder: str) -> str:
    """Return the field that holds the vectors of an embedder; each has its own dimensions."""
    return "v_" + hashlib.sha256(embedder.encode()).hexdigest()[:16]


def document_of(record: MemoryRecord, kept: int) -> Document:
    """Return the document of a record, without vectors; `kept` orders records by when they were first kept.

    Raises:
        StoreError: The record cannot be kept; says which and why.
    """
    data_of(record)  # refuses what no store keeps
    return {
        "key": document_id(record.tenant, record.key),
        "tenant": record.tenant,
        "user": record.user,
        "session_id": record.session_id,
        "layer": record.layer,
        "id": record.id,
        "speaker": record.speaker.casefold(),
        "document": record.document,
        "at": moment_of(record.time),
        "ends_at": moment_of(record.valid_until),
        "position": record.position,
        "kept": kept,
        "dropped": False,
        "terms": terms_of(record),
        "text_digest": digest_of(record.title, record.text),
        "created_at": record.created_at,
        "revision": record.revision,
        "embedded_by": [],
        "record": record.model_dump_json(),
    }


def record_of(document: Mapping[str, Any]) -> MemoryRecord:
    """Return the record that a document keeps."""
    return MemoryRecord.model_construct(**json.loads(document["record"]))


def message_record(tenant: str, user: str, session_id: str, message: Message, now: str) -> MemoryRecord:
    """Return a message as the record that the session store keeps of it."""
    layer: Layer = "message"
    return MemoryRecord.model_construct(  # not validated: a message may be longer than a piece of memory
        tenant=tenant,
        user=user,
        session_id=session_id,
        layer=layer,
        id=message.id,
        text=message.content,
        speaker=message.role,
        time=message.created_at or now,
        data={"role": message.role, "run_id": message.run_id},
    )


def message_of(document: Mapping[str, Any]) -> Message:
    """Return the message that a document keeps; an imported one is the user's where nothing else is told."""
    kept = json.loads(document["record"])
    return Message(
        id=kept["id"],
        role=kept["data"].get("role", "user"),
        content=kept["text"],
        run_id=kept["data"].get("run_id", ""),
        created_at=kept["time"] or kept["created_at"],
    )


class Ticks:
    """Counts up by the clock, in microseconds; no two are the same in this process."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return the next tick."""
        self._last = max(self._last + 1, time.time_ns() // 1_000)
        return self._last
