"""Everything that is kept of a user: handed over as a readable file, or forgotten without a trace.

The store has most of it. What lies outside of it (files of sessions, runs, the journal, folders of skills) is looked
after by keepers, which the engine hands in. What belongs to the whole tenant is nobody's own and stays.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.memory.stores import Store

log = structlog.get_logger()

_MOST_SESSIONS = 1_000_000
_OWN = RecordFilter(own_only=True)
_SHORT = ("speaker", "time", "title", "text", "source", "language", "document", "valid_until", "data", "created_at")


class Keeper(Protocol):
    """Keeps something of users outside of the store."""

    def export(self, scope: Scope, session_ids: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Yield what it has of the user, each with its `kind`."""

    async def forget(self, scope: Scope, session_ids: Sequence[str]) -> int:
        """Forget what it has of the user; return how many things that were.

        Args:
            scope: Whose.
            session_ids: All sessions the user has or had.
        """


class UserData:
    """What the page, the command line and the engine's door use. Safe to call from many tasks at once."""

    def __init__(self, store: Store, keepers: Sequence[Keeper] = ()) -> None:
        """Take who has something of users.

        Args:
            store: Open for as long as this is used.
            keepers: Asked in this order; the first must stop what is under way.
        """
        self._store = store
        self._keepers = tuple(keepers)

    async def export(self, scope: Scope) -> AsyncIterator[str]:
        """Yield everything kept of the user as lines of JSON, each with what `kind` of thing it is.

        Raises:
            StoreError: No user is named.
            StoreUnavailableError: The store does not answer.
        """
        _require_user(scope)
        told = "What is kept of you. Each line is one thing; `kind` says what."
        yield _line({"kind": "about", **scope.model_dump(), "exported_at": _now(), "note": told})
        async for one in self._sessions(scope):
            yield _line(one)
        async for page, _ in self._store.scan(scope, _OWN):
            for record in page:
                yield _line(_readable(record))
        session_ids = await self._store.known_sessions(scope.tenant, scope.user)
        for keeper in self._keepers:
            async for one in keeper.export(scope, session_ids):
                yield _line(one)

    async def forget(self, scope: Scope) -> int:
        """Forget everything kept of the user, and take it out of the files; return how many things there were.

        Repeating it after it was interrupted is harmless and does the rest.

        Raises:
            StoreError: No user is named, or something cannot be forgotten; says what.
            StoreUnavailableError: The store does not answer; what had been reached by then is forgotten.
        """
        _require_user(scope)
        session_ids = await self._store.known_sessions(scope.tenant, scope.user)
        count = len(session_ids)
        for keeper in self._keepers:
            count += await keeper.forget(scope, session_ids)
        count += await self._store.erase_user(scope.tenant, scope.user)
        try:
            await self._store.scrub()
        except StoreUnavailableError as error:  # forgotten it is; the bytes go with the next rewriting
            log.warning("memory_not_scrubbed", reason=str(error))
        log.info("user_forgotten", things=count)
        return count

    async def _sessions(self, scope: Scope) -> AsyncIterator[dict[str, Any]]:
        owner = (scope.tenant, scope.user)
        for session in await self._store.list_sessions(*owner, limit=_MOST_SESSIONS):
            yield {"kind": "session", **session}
            for file in await self._store.files(*owner, session["session_id"]):
                yield {"kind": "file", **{name: value for name, value in file.items() if name != "path"}}
            for run_id in await self._runs(scope, session["session_id"]):
                if found := await self._store.feedback(*owner, run_id):
                    yield {"kind": "feedback", "run_id": run_id, **found}

    async def _runs(self, scope: Scope, session_id: str) -> list[str]:
        which = RecordFilter(layers=("message",), session_ids=(session_id,), own_only=True)
        found = [
            str(record.data.get("run_id", "")) async for page, _ in self._store.scan(scope, which) for record in page
        ]
        return [run_id for run_id in dict.fromkeys(found) if run_id]


def _require_user(scope: Scope) -> None:
    if not scope.user:
        raise StoreError(
            "Say whose data is meant: a user of the tenant. What belongs to the whole tenant is nobody's own."
        )


def _readable(record: MemoryRecord) -> dict[str, Any]:
    found = {name: getattr(record, name) for name in _SHORT}
    names = {"kind": record.layer, "id": record.id} | ({"session_id": record.session_id} if record.session_id else {})
    return names | {name: value for name, value in found.items() if value}


def _line(one: dict[str, Any]) -> str:
    return json.dumps(one, ensure_ascii=False, default=str) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
