"""What is kept of a user in the embedded store taken out of it, and then out of the file's bytes."""

from __future__ import annotations

import sqlite3

from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.moments import now
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database

_OWN = "tenant = ? AND user = ?"
_TRACES = (
    # Terms of deleted records stay in the index until its parts are merged; then only pages that nobody uses have them.
    "INSERT INTO words (words) VALUES ('optimize')",
)


class UserErasing:
    """What `SqliteStore` does when a user is to be forgotten."""

    _database: Database

    async def known_sessions(self, tenant: str, user: str) -> list[str]:
        """Return the ids of all sessions the user has or had: deleted ones leave theirs behind."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                f"SELECT session_id FROM sessions WHERE {_OWN} ORDER BY used",  # noqa: S608
                (tenant, user),
            )
        )
        return [str(row["session_id"]) for row in found]

    async def erase_user(self, tenant: str, user: str) -> int:
        """Forget everything kept of the user; return how many records there were.

        Ids of sessions stay taken, and tell no more whose they were.
        """
        from sanca.memory.stores.sqlite.record_rows import RecordRows

        assert isinstance(self, RecordRows)  # noqa: S101 - one store is both
        count = await self.delete(Scope(tenant=tenant, user=user), RecordFilter(own_only=True))

        def work(connection: sqlite3.Connection) -> None:
            for table in ("feedback", "files"):
                connection.execute(f"DELETE FROM {table} WHERE {_OWN}", (tenant, user))  # noqa: S608
            connection.execute(
                "UPDATE sessions SET tenant = '', user = '', title = '',"  # noqa: S608
                f" deleted_at = coalesce(deleted_at, ?) WHERE {_OWN}",
                (now(), tenant, user),
            )
            connection.execute(
                f"DELETE FROM spaces WHERE {_OWN} AND space NOT IN (SELECT space FROM records)"  # noqa: S608
                " AND space NOT IN (SELECT space FROM dropped)",
                (tenant, user),
            )

        await self._database.write(work)
        return count

    async def scrub(self) -> None:
        """Rewrite the file without what was deleted; other writes wait meanwhile.

        Raises:
            StoreUnavailableError: Another process reads it all the time; what was deleted is deleted all the same.
        """
        await self._database.scrub(_TRACES)
