"""The session side of a store behind an outbox: what lives here is in the short-term copy as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.core.messages import Message
from sanca.memory.stores.moments import now
from sanca.memory.stores.outbox.ways import OutboxWays

log = structlog.get_logger()

SEEDED_MESSAGES = 200
"""How many of a session's messages the copy gets when the session comes to this engine."""


class OutboxSessions(OutboxWays):
    """What `BufferedStore` does with sessions."""

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now."""
        await self._write_both("touch_session", _own(tenant, user, session_id, title=title))

    async def list_sessions(self, tenant: str, user: str, *, limit: int = 50) -> list[dict[str, str]]:
        """Return the sessions, most recently used first; while the store is down those that live here."""
        return await self._read(lambda store: store.list_sessions(tenant, user, limit=limit))

    async def rename_session(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Give the session a title."""
        await self._write_both("rename_session", _own(tenant, user, session_id, title=title))

    async def delete_session(self, tenant: str, user: str, session_id: str) -> None:
        """Forget the session, its messages, files' records and feedback."""
        await self._write_both("delete_session", _own(tenant, user, session_id))

    async def owns_session(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session exists and is this user's."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return True
        return await self._read(lambda store: store.owns_session(tenant, user, session_id))

    async def session_exists(self, session_id: str) -> bool:
        """Whether anyone has or had a session of that id."""
        if self._is_behind and await self._copy.session_exists(session_id):
            return True
        return await self._read(lambda store: store.session_exists(session_id))

    async def add_message(self, tenant: str, user: str, session_id: str, message: Message) -> None:
        """Append a message; the same id again is ignored."""
        said = message if message.created_at else message.model_copy(update={"created_at": now()})
        await self._write_both("add_message", _own(tenant, user, session_id, message=said.model_dump()))

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return await self._copy.messages(tenant, user, session_id, limit=limit)
        found = await self._read(lambda store: store.messages(tenant, user, session_id, limit=limit))
        if self._outage is None and (tenant, user, session_id) not in self._seeded:
            await self._seed(tenant, user, session_id)
        return found

    async def _seed(self, tenant: str, user: str, session_id: str) -> None:
        """Bring a session that lives here now into the copy."""
        self._seeded.add((tenant, user, session_id))
        try:
            if not await self._remote.owns_session(tenant, user, session_id):
                return
            await self._copy.touch_session(tenant, user, session_id)
            for message in await self._remote.messages(tenant, user, session_id, limit=SEEDED_MESSAGES):
                await self._copy.add_message(tenant, user, session_id, message)
        except StoreError as error:
            log.debug("memory_copy_lacks", session=session_id, reason=str(error))

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it from `messages`. Kept for audit."""
        await self._write_both("drop_messages_from", _own(tenant, user, session_id, message_id=message_id))

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb up or down."""
        body = {"tenant": tenant, "user": user, "run_id": run_id, "thumb": thumb, "comment": comment}
        await self._write_both("add_feedback", body)

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record."""
        await self._write_both("add_file", {"tenant": tenant, "user": user, "info": dict(info)})

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""
        found = await self._read(lambda store: store.file(tenant, user, file_id))
        return found if found or not self._is_behind else await self._copy.file(tenant, user, file_id)

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return the session's files' records, oldest first."""
        if self._is_behind and await self._copy.owns_session(tenant, user, session_id):
            return await self._copy.files(tenant, user, session_id)
        return await self._read(lambda store: store.files(tenant, user, session_id))

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""
        return await self._read(lambda store: store.feedback(tenant, user, run_id))

    async def known_sessions(self, tenant: str, user: str) -> list[str]:
        """Return the ids of all sessions the user has or had, deleted ones too."""
        return await self._read(lambda store: store.known_sessions(tenant, user))

    async def erase_user(self, tenant: str, user: str) -> int:
        """Forget everything kept of the user; return how many records there were.

        Raises:
            StoreUnavailableError: The store is down or lags behind: what waits for it might be the user's. Nothing
                was forgotten.
        """
        if self._is_behind:
            reason = self._outage.reason if self._outage else "Writes still wait for the memory store."
            raise StoreUnavailableError(f"{reason} Forgetting everything needs it; try again when it answers.")
        count = await self._remote.erase_user(tenant, user)
        await self._copy.erase_user(tenant, user)
        await self._waiting.forget_refused(tenant, user)
        return count

    async def scrub(self) -> None:
        """Take what was deleted out of the files, here and, as far as it can, there."""
        for store in (self._copy, self._waiting, self._remote):
            await store.scrub()


def _own(tenant: str, user: str, session_id: str, **more: Any) -> dict[str, Any]:
    return {"tenant": tenant, "user": user, "session_id": session_id, **more}
