"""Reads and writes of documents that the parts of the store share: by id, or by search after a refresh."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sanca.memory.stores.elasticsearch.documents import Document

if TYPE_CHECKING:
    from sanca.memory.stores.elasticsearch.connection import Connection

MOST_HITS = 10_000
"""What one search may return (`index.max_result_window`)."""

Operation = tuple[Mapping[str, Any], Mapping[str, Any] | None]


class Access:
    """One alias. What this process wrote, its next search finds: it refreshes first, once for all writes before it.

    What other processes wrote is found within the index's refresh interval, a second, or at once after a refresh for
    others too, as before the messages of a session are read: another engine may have had it last.
    """

    def __init__(self, connection: Connection, alias: str) -> None:
        self._connection = connection
        self._alias = alias
        self._is_stale = True  # what was written before this process began must be found too

    @property
    def alias(self) -> str:
        """The name that is read and written."""
        return self._alias

    async def get(self, ids: Sequence[str], fields: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return answers with `_source`, `_seq_no` and `_primary_term` by id, of those there are; needs no refresh."""
        found: dict[str, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), MOST_HITS):
            with self._connection.errors():
                reply = await self._connection.client.mget(
                    index=self._alias, ids=wanted[start : start + MOST_HITS], source=list(fields) if fields else True
                )
            found |= {answer["_id"]: answer for answer in reply["docs"] if answer.get("found")}
        return found

    async def write(self, operations: Sequence[Operation]) -> list[dict[str, Any]]:
        """Send actions in order; return one answer each. Conflicts and missing documents are answers, no errors."""
        if not operations:
            return []
        try:
            return await self._connection.bulk(self._alias, operations)
        finally:
            self._is_stale = True

    async def search(self, **what: Any) -> list[dict[str, Any]]:
        """Return the hits of a search over all that this process wrote before."""
        await self.refresh()
        with self._connection.errors():
            reply = await self._connection.client.search(index=self._alias, **what)
        return list(reply["hits"]["hits"])

    async def counts(self, query: Mapping[str, Any], field: str) -> dict[str, int]:
        """Return how many documents there are of each value of a field, at most a hundred values."""
        await self.refresh()
        by_value = {"terms": {"field": field, "size": 100}}
        with self._connection.errors():
            reply = await self._connection.client.search(
                index=self._alias, query=query, size=0, aggregations={"by_value": by_value}
            )
        return {bucket["key"]: bucket["doc_count"] for bucket in reply["aggregations"]["by_value"]["buckets"]}

    async def documents(
        self,
        query: Mapping[str, Any],
        order: Sequence[Mapping[str, str]],
        page: int,
        after: Sequence[Any] = (),
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield pages of hits in an order that no two documents share; the last hit's `sort` goes on from there."""
        while True:
            more = {"search_after": list(after)} if after else {}
            hits = await self.search(query=query, size=min(page, MOST_HITS), sort=list(order), **more)
            if not hits:
                return
            after = hits[-1]["sort"]
            yield hits
            if len(hits) < page:
                return

    async def refresh(self, *, others_too: bool = False) -> None:
        """Make findable what this process wrote, if anything, or what every process did."""
        if self._is_stale or others_too:
            self._is_stale = False  # before the call: what is written meanwhile needs another
            try:
                with self._connection.errors():
                    await self._connection.client.indices.refresh(index=self._alias)
            except BaseException:
                self._is_stale = True
                raise


def sources(hits: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Return the documents of hits."""
    return [hit["_source"] for hit in hits]
