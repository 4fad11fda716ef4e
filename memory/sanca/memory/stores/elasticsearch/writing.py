"""Writes records: each only over the version that was read, so that no writer undoes another's. Finds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sanca.core.errors import RecordConflictError, StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord
from sanca.memory.stores.elasticsearch.documents import (
    HEAD,
    Document,
    Ticks,
    digest_of,
    document_id,
    document_of,
    vector_field,
)
from sanca.memory.stores.elasticsearch.schema import vector_mapping
from sanca.memory.stores.moments import now

if TYPE_CHECKING:
    from sanca.core.memory import Vectors
    from sanca.memory.stores.elasticsearch.access import Access, Operation
    from sanca.memory.stores.elasticsearch.connection import Connection
    from sanca.memory.stores.elasticsearch.positions import Positions, Session

_TRIES = 20
_NO_VECTOR = 1e-6

Row = tuple[MemoryRecord, "Vectors | None"]


class Writer:
    """Adds, replaces and removes records."""

    def __init__(self, connection: Connection, access: Access, positions: Positions) -> None:
        self._connection = connection
        self._access = access
        self._positions = positions
        self._ticks = Ticks()
        self._vector_fields: set[str] = set()

    async def put(self, records: Sequence[MemoryRecord], vectors: Vectors | None, embedder: str) -> None:
        """Add or replace records; see `RecordStore.put`."""
        if vectors is not None and not embedder:
            raise StoreError("Vectors need the name of their embedder; pass `embedder`.")
        if vectors is not None and len(vectors) != len(records):
            raise StoreError(f"There are {len(records)} records and {len(vectors)} vectors; give one for each.")
        if vectors is not None and len(records):
            await self.prepare_vectors(embedder, int(vectors.shape[1]))
        rows = [(record, None if vectors is None else vectors[i]) for i, record in enumerate(records)]
        for wave in _waves(rows):
            await self._put_distinct(wave, embedder)

    async def _put_distinct(self, rows: Sequence[Row], embedder: str) -> None:
        """Write records of different keys; what another wrote meanwhile is read and written again."""
        left = list(rows)
        for _ in range(_TRIES):
            kept = await self._access.get([_id(record) for record, _ in left], HEAD)
            _refuse_conflicts([record for record, _ in left], kept)
            numbers = await self._numbers([record for record, _ in left], kept)
            operations = [
                _operation(
                    record, vector, embedder, kept.get(_id(record)), numbers.get(_id(record)), self._ticks.next()
                )
                for record, vector in left
            ]
            answers = await self._access.write(operations)
            left = [row for row, answer in zip(left, answers, strict=True) if answer["status"] in (404, 409)]
            if not left:
                return
        raise StoreUnavailableError(f"{left[0][0].id!r} is changed by others all the time; try again in a moment.")

    async def _numbers(self, records: Sequence[MemoryRecord], kept: Mapping[str, Any]) -> dict[str, int]:
        """Return positions for new messages that have none."""
        waiting: dict[Session, list[str]] = {}
        highest: dict[Session, int] = {}
        for record in records:
            if record.layer != "message" or _id(record) in kept:
                continue
            session = (record.tenant, record.user, record.session_id)
            waiting.setdefault(session, [])
            if record.position:
                highest[session] = max(highest.get(session, 0), record.position)
            else:
                waiting[session].append(_id(record))
        if not waiting:
            return {}
        first = await self._positions.reserve({one: (len(ids), highest.get(one, 0)) for one, ids in waiting.items()})
        return {each: first[one] + number for one, ids in waiting.items() for number, each in enumerate(ids)}

    async def set_vectors(self, records: Sequence[MemoryRecord], vectors: Vectors, embedder: str) -> None:
        """Give records their vectors; see `RecordStore.set_vectors`."""
        if not len(records):
            return
        await self.prepare_vectors(embedder, int(vectors.shape[1]))
        kept = await self._access.get([_id(record) for record in records], HEAD)
        operations: list[Operation] = []
        for record, vector in zip(records, vectors, strict=True):
            answer = kept.get(_id(record))
            if answer is None or answer["_source"]["text_digest"] != digest_of(record.title, record.text):
                continue
            operations.append(_update(answer, _vector_part(vector, embedder, answer["_source"]["embedded_by"])))
        await self._access.write(operations)

    async def drop(self, ids: Sequence[str]) -> None:
        """Have nobody find these records any more; they are kept."""
        await self._access.write([({"update": {"_id": each}}, {"doc": {"dropped": True}}) for each in ids])

    async def remove(self, query: Mapping[str, Any]) -> list[Document]:
        """Delete what a query finds, and return what it was (records as they were kept)."""
        gone: list[Document] = []
        async for hits in self._access.documents(query, [{"key": "asc"}], 1_000):
            answers = await self._access.write([({"delete": {"_id": hit["_id"]}}, None) for hit in hits])
            gone += [hit["_source"] for hit, answer in zip(hits, answers, strict=True) if answer["status"] == 200]
        return gone

    async def prepare_vectors(self, embedder: str, dimensions: int) -> None:
        """Make the field of an embedder's vectors where there is none."""
        field = vector_field(embedder)
        if field not in self._vector_fields:
            mapping = {"vectors": {"properties": {field: vector_mapping(dimensions)}}}
            with self._connection.errors():
                await self._connection.client.indices.put_mapping(index=self._access.alias, properties=mapping)
            self._vector_fields.add(field)


def _id(record: MemoryRecord) -> str:
    return document_id(record.tenant, record.key)


def _waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows in order, each key once a wave."""
    wave: dict[str, Row] = {}
    for row in rows:
        if _id(row[0]) in wave:
            yield list(wave.values())
            wave = {}
        wave[_id(row[0])] = row
    if wave:
        yield list(wave.values())


def _refuse_conflicts(records: Sequence[MemoryRecord], kept: Mapping[str, Any]) -> None:
    for record in records:
        answer = kept.get(_id(record))
        if record.revision and record.revision != (answer["_source"]["revision"] if answer else 0):
            raise RecordConflictError(record.id)


def _operation(
    record: MemoryRecord, vector: Vectors | None, embedder: str, answer: Any, number: int | None, tick: int
) -> Operation:
    """Return what writes a record over the version that was read, or as a new one."""
    head = answer["_source"] if answer else {}
    changes = {
        "created_at": head.get("created_at") or now(),
        "updated_at": now(),
        "revision": head.get("revision", 0) + 1,
        "position": record.position or number or head.get("position", 0),
    }
    document = document_of(record.model_copy(update=changes), head.get("kept", tick))
    if vector is not None:
        document |= _vector_part(vector, embedder, [])
    if answer is None:
        return {"create": {"_id": document["key"]}}, document
    if head["text_digest"] != document["text_digest"]:  # vectors of the old text go with it
        return {"index": {"_id": document["key"], **_same(answer)}}, document
    document["embedded_by"] = sorted({*head["embedded_by"], *document["embedded_by"]})
    return _update(answer, document)


def _vector_part(vector: Vectors, embedder: str, embedded_by: Sequence[str]) -> Document:
    """Return the fields of a vector; the zero vector has no direction, so none is kept for it."""
    part: Document = {"embedded_by": sorted({*embedded_by, embedder})}
    if float(abs(vector).max(initial=0.0)) > _NO_VECTOR:
        part["vectors"] = {vector_field(embedder): vector.tolist()}
    return part


def _update(answer: Mapping[str, Any], document: Document) -> Operation:
    return {"update": {"_id": answer["_id"], **_same(answer)}}, {"doc": document}


def _same(answer: Mapping[str, Any]) -> dict[str, int]:
    return {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
