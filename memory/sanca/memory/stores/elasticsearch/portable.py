"""What the Elasticsearch store keeps besides records, as plain rows that another store can take."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord
from sanca.memory.stores.elasticsearch.access import Operation
from sanca.memory.stores.elasticsearch.documents import Document, Ticks, digest_of, document_of
from sanca.memory.stores.elasticsearch.sessions import FILE_FIELDS
from sanca.memory.stores.elasticsearch.store import ElasticsearchStore
from sanca.memory.stores.portable import Kind, Row

_DROPPED = (
    "tenant", "user", "layer", "session_id", "id", "document", "position", "speaker", "time", "data", "text",
)  # fmt: skip
_SESSION = ("session_id", "tenant", "user", "title", "created_at", "updated_at")
_FEEDBACK = ("tenant", "user", "run_id", "thumb", "comment", "created_at")
_KIND_NAMES = {"sessions": "session", "files": "file", "feedback": "feedback"}
_ORDERS = {"sessions": "used", "dropped": "kept", "files": "kept", "feedback": "key"}


class ElasticsearchPortable:
    """The rows of an open `ElasticsearchStore`."""

    def __init__(self, store: ElasticsearchStore) -> None:
        self._store = store
        self._ticks = Ticks()

    async def rows(self, kind: Kind, *, after: str = "", page: int = 500) -> AsyncIterator[tuple[list[Row], str]]:
        """Yield pages of rows in the order they were made or used, with the mark from which to go on."""
        mark = json.loads(after) if after else []
        access, order = self._store.session_rows, _ORDERS[kind]
        query: dict[str, Any] = {"term": {"kind": _KIND_NAMES.get(kind, "")}}
        if kind == "dropped":
            access, query = self._store.records, {"term": {"dropped": True}}
        pages = access.documents(query, [{order: "asc"}, {"key": "asc"}], page, mark)
        async for hits in pages:
            yield [_row(kind, hit["_source"]) for hit in hits], json.dumps(hits[-1]["sort"])

    async def put_rows(self, kind: Kind, given: Sequence[Row]) -> None:
        """Add or replace rows, in order; the same again changes nothing."""
        if kind == "dropped":
            return await self._put_dropped(given)
        documents = [self._document(kind, row) for row in given]
        if kind == "sessions":
            await self._refuse_foreign(documents)
        await self._store.session_rows.write([({"index": {"_id": one["key"]}}, one) for one in documents])
        return None

    async def _refuse_foreign(self, documents: Sequence[Document]) -> None:
        kept = await self._store.session_rows.get([one["key"] for one in documents], ["tenant", "user"])
        for one in documents:
            owner = kept[one["key"]]["_source"] if one["key"] in kept else one
            if (owner["tenant"], owner["user"]) != (one["tenant"], one["user"]):
                raise StoreError(
                    f"The session {one['session_id']!r} is another user's in the store it is to be moved to."
                )

    async def _put_dropped(self, given: Sequence[Row]) -> None:
        highest: dict[tuple[str, str, str], int] = {}
        operations: list[Operation] = []
        for row in given:
            session = (row["tenant"], row["user"], row["session_id"])
            highest[session] = max(highest.get(session, 0), row["position"])
            document = document_of(MemoryRecord.model_construct(**row), self._ticks.next()) | {"dropped": True}
            operations.append(({"index": {"_id": document["key"]}}, document))
        await self._store.positions.reserve({session: (0, top) for session, top in highest.items()})
        await self._store.records.write(operations)

    def _document(self, kind: Kind, row: Row) -> Document:
        tick, kept = self._ticks.next(), dict(row)
        if kind == "sessions":
            more: dict[str, Any] = {"used": tick, "is_deleted": bool(row["deleted_at"])}
            return kept | more | {"kind": "session", "key": digest_of("session", row["session_id"])}
        if kind == "feedback":
            return kept | {"kind": "feedback", "key": digest_of("feedback", row["tenant"], row["user"], row["run_id"])}
        names = ("tenant", "user", "session_id", "created_at")
        info = json.dumps({name: row[name] for name in FILE_FIELDS})
        more = {"kind": "file", "key": digest_of("file", row["file_id"]), "kept": tick, "info": info}
        return {name: row[name] for name in names} | more


def _row(kind: Kind, document: Document) -> Row:
    if kind == "dropped":
        record = json.loads(document["record"])
        return {name: record[name] for name in _DROPPED}
    if kind == "sessions":
        return {name: document[name] for name in _SESSION} | {"deleted_at": document.get("deleted_at", "")}
    if kind == "feedback":
        return {name: document[name] for name in _FEEDBACK}
    owner = {name: document[name] for name in ("tenant", "user", "created_at")}
    return {**owner, **json.loads(document["info"])}
