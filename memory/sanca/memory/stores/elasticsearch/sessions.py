"""Sessions, files' records and feedback in Elasticsearch; messages are records. Every query names tenant and user."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.memory.stores.elasticsearch.documents import Document, Ticks, digest_of
from sanca.memory.stores.elasticsearch.filters import of_session
from sanca.memory.stores.moments import now

if TYPE_CHECKING:
    from sanca.memory.stores.elasticsearch.access import Access

TITLE_CHARS = 200
FILE_FIELDS = ("file_id", "session_id", "name", "size_bytes", "media_type", "direction", "path")
_LISTED = ("session_id", "title", "created_at", "updated_at")
_TRIES = 20


class Sessions:
    """What belongs to a session besides its messages."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._ticks = Ticks()

    async def touch(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Make the session if there is none, and mark it used now."""
        for _ in range(_TRIES):
            answer = await self._answer(session_id)
            if answer is None:
                document = _new_session(tenant, user, session_id) | {"title": title, "used": self._ticks.next()}
                if await self._is_kept({"create": {"_id": document["key"]}}, document):
                    return
                continue
            kept = _own(answer["_source"], tenant, user, session_id)
            changed = kept | {"title": kept["title"] or title, "updated_at": now(), "used": self._ticks.next()}
            if await self._is_replaced(answer, changed):
                return
        raise StoreUnavailableError(f"Session {session_id!r} is changed by others all the time; try again in a moment.")

    async def change(self, tenant: str, user: str, session_id: str, **changes: Any) -> None:
        """Change a session's fields."""
        for _ in range(_TRIES):
            answer = await self._answer(session_id)
            kept = _own(answer["_source"] if answer else None, tenant, user, session_id)
            if answer is None or await self._is_replaced(answer, kept | changes):
                return
        raise StoreUnavailableError(f"Session {session_id!r} is changed by others all the time; try again in a moment.")

    async def listed(self, tenant: str, user: str, limit: int) -> list[dict[str, str]]:
        """Return a user's sessions, most recently used first."""
        query = {
            "bool": {
                "filter": [{"term": {"kind": "session"}}, {"term": {"tenant": tenant}}, {"term": {"user": user}}],
                "must_not": [{"term": {"is_deleted": True}}],
            }
        }
        found: list[dict[str, str]] = []
        order = [{"used": "desc"}, {"key": "asc"}]
        async for hits in self._access.documents(query, order, max(1, min(limit, 1_000))):
            found += [{name: hit["_source"][name] for name in _LISTED} for hit in hits]
            if len(found) >= limit:
                break
        return found[:limit]

    async def require_own(self, tenant: str, user: str, session_id: str) -> None:
        """Raise a StoreError where the user has no such session."""
        answer = await self._answer(session_id)
        _own(answer["_source"] if answer else None, tenant, user, session_id)

    async def is_own(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session is this user's and not deleted."""
        answer = await self._answer(session_id)
        return _is_own(answer["_source"] if answer else None, tenant, user)

    async def is_known(self, session_id: str) -> bool:
        """Whether anyone has or had it."""
        return await self._answer(session_id) is not None

    async def forget(self, tenant: str, user: str, session_id: str, run_ids: set[str]) -> None:
        """Forget title, files and the feedback of these runs; the id stays taken."""
        query = {"bool": {"filter": [{"term": {"kind": "file"}}, *of_session(tenant, user, session_id)]}}
        async for hits in self._access.documents(query, [{"key": "asc"}], 1_000):
            await self._access.write([({"delete": {"_id": hit["_id"]}}, None) for hit in hits])
        ids = [digest_of("feedback", tenant, user, run_id) for run_id in sorted(run_ids)]
        await self._access.write([({"delete": {"_id": each}}, None) for each in ids])
        await self.change(tenant, user, session_id, title="", is_deleted=True, deleted_at=now())

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb; a second one of the same run replaces the first."""
        if thumb not in ("up", "down"):
            raise StoreError(f"A thumb is 'up' or 'down', not {thumb!r}.")
        key = digest_of("feedback", tenant, user, run_id)
        document = {
            "kind": "feedback", "key": key, "tenant": tenant, "user": user, "run_id": run_id, "thumb": thumb,
            "comment": comment, "created_at": now(),
        }  # fmt: skip
        await self._access.write([({"index": {"_id": key}}, document)])

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""
        key = digest_of("feedback", tenant, user, run_id)
        answer = (await self._access.get([key])).get(key)
        return {name: answer["_source"][name] for name in ("thumb", "comment", "created_at")} if answer else None

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record."""
        missing = [name for name in FILE_FIELDS if name not in info]
        if missing:
            raise StoreError(f"A file's record needs {missing[0]!r}.")
        await self.require_own(tenant, user, str(info["session_id"]))
        key = digest_of("file", str(info["file_id"]))
        document = {
            "kind": "file", "key": key, "tenant": tenant, "user": user, "session_id": info["session_id"],
            "kept": self._ticks.next(), "created_at": now(),
            "info": json.dumps({name: info[name] for name in FILE_FIELDS}),
        }  # fmt: skip
        if not await self._is_kept({"create": {"_id": key}}, document):
            raise StoreError(f"There is a file {info['file_id']!r} already.")

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""
        key = digest_of("file", file_id)
        answer = (await self._access.get([key])).get(key)
        if answer is None or (answer["_source"]["tenant"], answer["_source"]["user"]) != (tenant, user):
            return None
        return dict(json.loads(answer["_source"]["info"]))

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return a session's files' records, oldest first."""
        query = {"bool": {"filter": [{"term": {"kind": "file"}}, *of_session(tenant, user, session_id)]}}
        pages = self._access.documents(query, [{"kept": "asc"}, {"key": "asc"}], 1_000)
        return [json.loads(hit["_source"]["info"]) async for hits in pages for hit in hits]

    async def _answer(self, session_id: str) -> dict[str, Any] | None:
        key = digest_of("session", session_id)
        return (await self._access.get([key])).get(key)

    async def _is_kept(self, action: Mapping[str, Any], document: Document) -> bool:
        (answer,) = await self._access.write([(action, document)])
        return bool(answer["status"] != 409)

    async def _is_replaced(self, answer: Mapping[str, Any], document: Document) -> bool:
        same = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
        return await self._is_kept({"index": {"_id": answer["_id"], **same}}, document)


def _new_session(tenant: str, user: str, session_id: str) -> Document:
    moment = now()
    return {
        "kind": "session", "key": digest_of("session", session_id), "tenant": tenant, "user": user,
        "session_id": session_id, "created_at": moment, "updated_at": moment, "is_deleted": False,
    }  # fmt: skip


def _is_own(document: Document | None, tenant: str, user: str) -> bool:
    if document is None or document["is_deleted"]:
        return False
    return bool(document["tenant"] == tenant and document["user"] == user)


def _own(document: Document | None, tenant: str, user: str, session_id: str) -> Document:
    # The same words whether it is missing or another's: an id must not be a way to learn of others.
    if document is None or not _is_own(document, tenant, user):
        raise StoreError(f"You have no session {session_id!r}.")
    return document
