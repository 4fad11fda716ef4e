"""The memory in an Elasticsearch: sessions and records in one store, with nothing that a minimal distribution lacks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import anyio
from sanca.core.errors import StoreError
from sanca.core.memory import Candidate, Layer, MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.core.messages import Message
from sanca.memory.stores.elasticsearch.access import MOST_HITS, Access, sources
from sanca.memory.stores.elasticsearch.connection import Connection
from sanca.memory.stores.elasticsearch.documents import (
    Document,
    document_id,
    message_of,
    message_record,
    record_of,
    vector_field,
)
from sanca.memory.stores.elasticsearch.erasing import UserErasing
from sanca.memory.stores.elasticsearch.filters import of_session, own, visible
from sanca.memory.stores.elasticsearch.indices import Indices
from sanca.memory.stores.elasticsearch.positions import Positions
from sanca.memory.stores.elasticsearch.schema import RECORDS, SESSIONS, Index
from sanca.memory.stores.elasticsearch.sessions import TITLE_CHARS, Sessions
from sanca.memory.stores.elasticsearch.settings import ElasticsearchSettings
from sanca.memory.stores.elasticsearch.writing import Writer
from sanca.memory.stores.moments import now

if TYPE_CHECKING:
    from sanca.core.memory import Vectors

MOST_TERMS = 1_000
"""Further terms of a query are left out, those of least weight first: a node bounds its clauses."""
_LOCKS = 64


class ElasticsearchStore(UserErasing):
    """`sanca.core.ports.SessionStore` and `sanca.core.memory.RecordStore` over one cluster."""

    name = "elasticsearch"

    def __init__(
        self, settings: ElasticsearchSettings, *, records: Index = RECORDS, sessions: Index = SESSIONS
    ) -> None:
        """Take where it is and what its indices look like; nothing is opened yet."""
        self._connection = Connection(settings)
        self._indices = Indices(self._connection, settings.prefix)
        self._kinds = (records, sessions)
        self.records = Access(self._connection, self._indices.alias(records))
        self.session_rows = Access(self._connection, self._indices.alias(sessions))
        self.positions = Positions(self.session_rows)
        self.writer = Writer(self._connection, self.records, self.positions)
        self._sessions = Sessions(self.session_rows)
        # Messages of one session are numbered and written one after the other, those of others meanwhile.
        self._appending = [anyio.Lock() for _ in range(_LOCKS)]

    async def open(self) -> None:
        """Connect, and make or bring up to date templates, indices and aliases."""
        await self._connection.open()
        try:
            for kind in self._kinds:
                await self._indices.prepare(kind)
        except BaseException:
            await self._connection.close()
            raise

    async def close(self) -> None:
        """Close the connection; may be called twice."""
        await self._connection.close()

    # Sessions

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now."""
        await self._sessions.touch(tenant, user, session_id, title.strip()[:TITLE_CHARS])

    async def list_sessions(self, tenant: str, user: str, *, limit: int = 50) -> list[dict[str, str]]:
        """Return `session_id, title, created_at, updated_at`, most recently used first."""
        return await self._sessions.listed(tenant, user, limit)

    async def rename_session(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Give the session a title."""
        await self._sessions.change(tenant, user, session_id, title=title.strip()[:TITLE_CHARS])

    async def delete_session(self, tenant: str, user: str, session_id: str) -> None:
        """Forget the session, its records of every layer, files' records and feedback."""
        if not await self.owns_session(tenant, user, session_id):
            return
        gone = await self.writer.remove({"bool": {"filter": of_session(tenant, user, session_id)}})
        run_ids = {json.loads(document["record"])["data"].get("run_id", "") for document in gone}
        await self._sessions.forget(tenant, user, session_id, run_ids - {""})

    async def owns_session(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session exists and is this user's."""
        return await self._sessions.is_own(tenant, user, session_id)

    async def session_exists(self, session_id: str) -> bool:
        """Whether anyone has or had a session of that id."""
        return await self._sessions.is_known(session_id)

    async def add_message(self, tenant: str, user: str, session_id: str, message: Message) -> None:
        """Append a message; the same id again is ignored."""
        record = message_record(tenant, user, session_id, message, now())
        async with self._appending[hash(session_id) % _LOCKS]:
            await self._sessions.require_own(tenant, user, session_id)
            if not await self.records.get([document_id(tenant, record.key)], ["key"]):
                await self.writer.put([record], None, "")

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""
        query = _messages_of(tenant, user, session_id)
        await self.records.refresh(others_too=True)
        found: list[Message] = []
        order = [{"position": "desc"}, {"key": "asc"}]
        async for hits in self.records.documents(query, order, max(1, min(limit, 1_000))):
            found += [message_of(hit["_source"]) for hit in hits]
            if len(found) >= limit:
                break
        return found[:limit][::-1]

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it from `messages`. Kept for audit."""
        key = document_id(tenant, RecordKey(layer="message", id=message_id, user=user, session_id=session_id))
        first = (await self.records.get([key], ["position"])).get(key)
        if first is None:
            return
        query = _messages_of(tenant, user, session_id)
        await self.records.refresh(others_too=True)
        query["bool"]["filter"].append({"range": {"position": {"gte": first["_source"]["position"]}}})
        async for hits in self.records.documents(query, [{"key": "asc"}], 1_000):
            await self.writer.drop([hit["_id"] for hit in hits])

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb up or down."""
        await self._sessions.add_feedback(tenant, user, run_id, thumb, comment)

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""
        return await self._sessions.feedback(tenant, user, run_id)

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record."""
        await self._sessions.add_file(tenant, user, info)

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""
        return await self._sessions.file(tenant, user, file_id)

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return the session's files' records, oldest first."""
        return await self._sessions.files(tenant, user, session_id)

    # Records

    async def put(self, records: Sequence[MemoryRecord], vectors: Vectors | None = None, embedder: str = "") -> None:
        """Add or replace records, in order."""
        await self.writer.put(records, vectors, embedder)

    async def get(self, scope: Scope, keys: Sequence[RecordKey]) -> list[MemoryRecord]:
        """Return those records that there are, in the order of the keys."""
        seen = [document_id(scope.tenant, key) for key in keys if key.user in ("", scope.user)]
        found = await self.records.get(seen, ["record", "dropped"])
        return [
            record_of(found[each]["_source"])
            for each in seen
            if each in found and not found[each]["_source"]["dropped"]
        ]

    async def delete(self, scope: Scope, which: RecordFilter) -> int:
        """Forget the scope's own records that the filter leaves in; return how many there were."""
        return len([one for one in await self.writer.remove(own(scope, which)) if not one["dropped"]])

    async def scan(
        self, scope: Scope | None, which: RecordFilter, *, newest_first: bool = False, after: str = "", page: int = 500
    ) -> AsyncIterator[tuple[list[MemoryRecord], str]]:
        """Yield pages of records with the mark from which another scan goes on."""
        way = "desc" if newest_first else "asc"
        order = [{"kept": way}, {"key": way}]
        mark = _mark(after)
        async for hits in self.records.documents(visible(scope, which), order, page, mark):
            yield [record_of(document) for document in sources(hits)], json.dumps(hits[-1]["sort"])

    async def count(self, scope: Scope, which: RecordFilter) -> dict[Layer, int]:
        """Return how many records of each layer the filter leaves in; a layer without any is not in it."""
        counted = await self.records.counts(visible(scope, which), "layer")
        return {cast("Layer", layer): count for layer, count in counted.items()}

    async def around(self, scope: Scope, key: RecordKey, before: int, after: int) -> list[MemoryRecord]:
        """Return the records that stand beside one in its session or document, itself among them, by position."""
        each = document_id(scope.tenant, key)
        middle = (await self.records.get([each])).get(each) if key.user in ("", scope.user) else None
        if middle is None or middle["_source"]["dropped"]:
            return []
        earlier = await self._beside(middle["_source"], "desc", before)
        later = await self._beside(middle["_source"], "asc", after)
        return [record_of(one) for one in (*reversed(earlier), middle["_source"], *later)]

    async def _beside(self, middle: Document, way: str, limit: int) -> list[Document]:
        """Return what stands on one side: in its document where it has one, else in its session."""
        places = [name for name in ("document", "session_id") if middle[name]]
        if limit <= 0 or not places:
            return []
        same = [{"term": {name: middle[name]}} for name in ("tenant", "user", "layer", *places)]
        hits = await self.records.search(
            query={"bool": {"filter": same, "must_not": [{"term": {"dropped": True}}]}},
            size=min(limit, MOST_HITS),
            sort=[{"position": way}, {"kept": way}],
            search_after=[middle["position"], middle["kept"]],
        )
        return sources(hits)

    async def lexical(
        self, scope: Scope, terms: Sequence[tuple[str, float]], which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records that have any of the terms, best first (BM25)."""
        weights: dict[str, float] = {}
        for term, weight in terms:
            weights[term] = weights.get(term, 0.0) + weight
        heaviest = sorted((item for item in weights.items() if item[1] > 0), key=lambda item: -item[1])[:MOST_TERMS]
        if not heaviest:
            return []
        query = visible(scope, which)
        query["bool"]["should"] = [{"term": {"terms": {"value": term, "boost": weight}}} for term, weight in heaviest]
        query["bool"]["minimum_should_match"] = 1
        order = [{"_score": "desc"}, {"kept": "desc"}, {"key": "asc"}]
        hits = await self.records.search(
            query=query, size=min(limit, MOST_HITS), sort=order, source_includes=["record"]
        )
        return [Candidate(record=record_of(hit["_source"]), score=hit["_score"]) for hit in hits]

    async def nearest(
        self, scope: Scope, vector: Vectors, embedder: str, which: RecordFilter, limit: int
    ) -> list[Candidate]:
        """Return the records whose vectors of this embedder are nearest, best first (cosine)."""
        if not vector.any():
            return []
        await self.writer.prepare_vectors(embedder, int(vector.shape[0]))
        count = min(limit, MOST_HITS)
        knn = {
            "field": f"vectors.{vector_field(embedder)}",
            "query_vector": vector.tolist(),
            "k": count,
            "num_candidates": min(max(4 * count, 200), MOST_HITS),
            "filter": visible(scope, which),
        }
        hits = await self.records.search(knn=knn, size=count, source_includes=["record"])
        return [Candidate(record=record_of(hit["_source"]), score=2 * hit["_score"] - 1) for hit in hits]

    async def without_vectors(self, embedder: str, limit: int) -> list[MemoryRecord]:
        """Return records of any tenant that have no vector of this embedder, or whose text was edited since."""
        unwanted = [{"term": {"embedded_by": embedder}}, {"term": {"dropped": True}}]
        hits = await self.records.search(
            query={"bool": {"must_not": unwanted}},
            size=min(limit, MOST_HITS),
            sort=[{"kept": "asc"}],
            source_includes=["record"],
        )
        return [record_of(document) for document in sources(hits)]

    async def set_vectors(self, records: Sequence[MemoryRecord], vectors: Vectors, embedder: str) -> None:
        """Give records their vectors; those that changed or went meanwhile are left out."""
        await self.writer.set_vectors(records, vectors, embedder)


def _messages_of(tenant: str, user: str, session_id: str) -> dict[str, Any]:
    clauses = [*of_session(tenant, user, session_id), {"term": {"layer": "message"}}]
    return {"bool": {"filter": clauses, "must_not": [{"term": {"dropped": True}}]}}


def _mark(after: str) -> list[Any]:
    try:
        mark = json.loads(after) if after else []
    except ValueError:
        mark = None
    if not isinstance(mark, list):
        raise StoreError(f"{after!r} is no mark of a scan; pass one that a scan gave, or none.")
    return mark
