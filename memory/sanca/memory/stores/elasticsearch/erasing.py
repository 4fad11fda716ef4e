"""What is kept of a user in the cluster taken out of it. What its files still hold until they are merged: `scrub`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.elasticsearch.access import Access
from sanca.memory.stores.elasticsearch.filters import own
from sanca.memory.stores.moments import now

if TYPE_CHECKING:
    from sanca.memory.stores.elasticsearch.connection import Connection
    from sanca.memory.stores.elasticsearch.writing import Writer

_PAGE = 1_000
_MERGE_SECONDS = 600.0


class UserErasing:
    """What `ElasticsearchStore` does when a user is to be forgotten."""

    _connection: Connection
    records: Access
    session_rows: Access
    writer: Writer

    async def known_sessions(self, tenant: str, user: str) -> list[str]:
        """Return the ids of all sessions the user has or had: deleted ones leave theirs behind."""
        pages = self._of_user(tenant, user, {"term": {"kind": "session"}})
        return [str(hit["_source"]["session_id"]) async for hits in pages for hit in hits]

    async def erase_user(self, tenant: str, user: str) -> int:
        """Forget everything kept of the user; return how many records there were.

        Ids of sessions stay taken, and tell no more whose they were.
        """
        gone = await self.writer.remove(own(Scope(tenant=tenant, user=user), RecordFilter(own_only=True)))
        async for hits in self._of_user(tenant, user):
            await self.session_rows.write([_forgotten(hit) for hit in hits])
        return len([one for one in gone if not one["dropped"]])

    async def scrub(self) -> None:
        """Have the cluster merge away what was deleted.

        It does so where much of a segment was; the rest goes with its ordinary merges, and until then nobody can
        search or read it, but whoever has the node's disk can.
        """
        for access in (self.records, self.session_rows):
            await access.refresh()
            with self._connection.errors():
                await self._connection.client.options(request_timeout=_MERGE_SECONDS).indices.forcemerge(
                    index=access.alias, only_expunge_deletes=True
                )

    async def _of_user(self, tenant: str, user: str, *more: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        query = {"bool": {"filter": [{"term": {"tenant": tenant}}, {"term": {"user": user}}, *more]}}
        async for hits in self.session_rows.documents(query, [{"key": "asc"}], _PAGE):
            yield hits


def _forgotten(hit: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the write that forgets a file's record, a thumb or a counter, and of a session all but its id."""
    document = hit["_source"]
    if document["kind"] != "session":
        return {"delete": {"_id": hit["_id"]}}, None
    blank = {
        "tenant": "",
        "user": "",
        "title": "",
        "is_deleted": True,
        "deleted_at": document.get("deleted_at") or now(),
    }
    return {"index": {"_id": hit["_id"]}}, document | blank
