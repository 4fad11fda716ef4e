"""Sessions, messages, files' records and feedback in SQLite. Every query names tenant and user; nothing is shared.

Messages are the records of layer `message`; their search is in `searches.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord
from sanca.core.messages import Message
from sanca.memory.stores.moments import now
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database
from sanca.memory.stores.sqlite.rows import NewRecord
from sanca.memory.stores.sqlite.writing import RecordWriter

TITLE_CHARS = 200
"""Longer titles are cut."""

_FILE_COLUMNS = "file_id, session_id, name, size_bytes, media_type, direction, path"
_OWN = "tenant = ? AND user = ? AND session_id = ?"


class SessionRows:
    """What `SqliteStore` does with sessions.

    A deleted session leaves its id behind, so that nobody else can take it up and see what other stores keep under it.
    """

    _database: Database

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now. A title is only set where none is.

        Raises:
            StoreError: The id is another user's, or was deleted.
        """
        title = title.strip()[:TITLE_CHARS]

        def work(connection: sqlite3.Connection) -> None:
            time = now()
            connection.execute(
                "INSERT INTO sessions (session_id, tenant, user, title, created_at, updated_at, used)"
                " VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (session_id) DO NOTHING",
                (session_id, tenant, user, title, time, time),
            )
            _require_own(connection, tenant, user, session_id)
            connection.execute(
                "UPDATE sessions SET updated_at = ?, title = CASE title WHEN '' THEN ? ELSE title END,"  # noqa: S608
                f" used = (SELECT max(used) + 1 FROM sessions) WHERE {_OWN}",
                (time, title, tenant, user, session_id),
            )

        await self._database.write(work)

    async def list_sessions(self, tenant: str, user: str, *, limit: int = 50) -> list[dict[str, str]]:
        """Return `session_id, title, created_at, updated_at`, most recently used first."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                "SELECT session_id, title, created_at, updated_at FROM sessions"
                " WHERE tenant = ? AND user = ? AND deleted_at IS NULL ORDER BY used DESC LIMIT ?",
                (tenant, user, limit),
            )
        )
        return [dict(row) for row in found]

    async def rename_session(self, tenant: str, user: str, session_id: str, title: str) -> None:
        """Give the session a title.

        Raises:
            StoreError: The user has no such session.
        """

        def work(connection: sqlite3.Connection) -> None:
            _require_own(connection, tenant, user, session_id)
            connection.execute(
                f"UPDATE sessions SET title = ? WHERE {_OWN}",  # noqa: S608
                (title.strip()[:TITLE_CHARS], tenant, user, session_id),
            )

        await self._database.write(work)

    async def delete_session(self, tenant: str, user: str, session_id: str) -> None:
        """Forget the session, its records, files' records and feedback; one that is not there is forgotten already."""
        own = (tenant, user, session_id)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM feedback WHERE tenant = ? AND user = ? AND run_id IN (SELECT data ->> 'run_id'"  # noqa: S608
                f" FROM records JOIN spaces USING (space) WHERE {_OWN} UNION SELECT data ->> 'run_id'"
                f" FROM dropped JOIN spaces USING (space) WHERE {_OWN})",
                (tenant, user, *own, *own),
            )
            _forget_records(connection, *own)
            connection.execute(f"DELETE FROM files WHERE {_OWN}", own)  # noqa: S608
            connection.execute(f"UPDATE sessions SET title = '', deleted_at = ? WHERE {_OWN}", (now(), *own))  # noqa: S608

        await self._database.write(work)

    async def owns_session(self, tenant: str, user: str, session_id: str) -> bool:
        """Whether the session exists and is this user's."""
        return await self._database.read(lambda connection: _is_own(connection, tenant, user, session_id))

    async def session_exists(self, session_id: str) -> bool:
        """Whether anyone has or had a session of that id: ids are not reused across users."""
        found = await self._database.read(
            lambda connection: rows(connection, "SELECT 1 FROM sessions WHERE session_id = ?", (session_id,))
        )
        return bool(found)

    async def add_message(self, tenant: str, user: str, session_id: str, message: Message) -> None:
        """Append a message; the same id again is ignored.

        Raises:
            StoreError: The user has no such session.
        """
        new = NewRecord.of(record_of_message(tenant, user, session_id, message))

        def work(connection: sqlite3.Connection) -> None:
            _require_own(connection, tenant, user, session_id)
            writer = RecordWriter(connection)
            own = (writer.space(tenant, user, "message"), session_id, message.id)
            known = "SELECT 1 FROM {} WHERE space = ? AND session_id = ? AND id = ?"
            if not rows(connection, f"{known.format('records')} UNION ALL {known.format('dropped')}", (*own, *own)):
                writer.put(new)

        await self._database.write(work)

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                "SELECT r.id, r.data ->> 'role' AS role, r.data ->> 'run_id' AS run_id, r.speaker, r.text, r.time"
                " FROM records r JOIN spaces s USING (space)"
                " WHERE s.tenant = ? AND s.user = ? AND s.layer = 'message' AND r.session_id = ?"
                " ORDER BY r.position DESC, r.row DESC LIMIT ?",
                (tenant, user, session_id, limit),
            )
        )
        return [
            Message(
                id=row["id"], role=row["role"] or ("assistant" if row["speaker"] == "assistant" else "user"),
                content=row["text"], run_id=row["run_id"] or "", created_at=row["time"],
            )
            for row in reversed(found)
        ]  # fmt: skip

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it, for every reader and search (edit and resend). Kept for audit."""

        def work(connection: sqlite3.Connection) -> None:
            writer = RecordWriter(connection)
            space = writer.space(tenant, user, "message")
            found = rows(
                connection,
                "SELECT * FROM records WHERE space = ? AND session_id = ? AND position >="
                " (SELECT position FROM records WHERE space = ? AND session_id = ? AND id = ?)",
                (space, session_id, space, session_id, message_id),
            )
            for row in found:
                writer.add_dropped(space, row, now())
            writer.delete(space, found)

        await self._database.write(work)

    async def add_feedback(self, tenant: str, user: str, run_id: str, thumb: str, comment: str) -> None:
        """Keep a thumb up or down; a second one of the same run replaces the first.

        Raises:
            StoreError: The thumb is neither `up` nor `down`.
        """
        if thumb not in ("up", "down"):
            raise StoreError(f"A thumb is 'up' or 'down', not {thumb!r}.")
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO feedback (tenant, user, run_id, thumb, comment, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (tenant, user, run_id, thumb, comment, now()),
            ).close()
        )

    async def feedback(self, tenant: str, user: str, run_id: str) -> dict[str, str] | None:
        """Return `thumb, comment, created_at` of a run, or None."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                "SELECT thumb, comment, created_at FROM feedback WHERE tenant = ? AND user = ? AND run_id = ?",
                (tenant, user, run_id),
            )
        )
        return dict(found[0]) if found else None

    async def add_file(self, tenant: str, user: str, info: Mapping[str, Any]) -> None:
        """Keep a file's record: `file_id, session_id, name, size_bytes, media_type, direction, path`.

        Raises:
            StoreError: The user has no such session, or the file id is taken.
        """
        missing = [name for name in _FILE_COLUMNS.split(", ") if name not in info]
        if missing:
            raise StoreError(f"A file's record needs {missing[0]!r}.")
        values = tuple(info[name] for name in _FILE_COLUMNS.split(", "))

        def work(connection: sqlite3.Connection) -> None:
            _require_own(connection, tenant, user, str(info["session_id"]))
            connection.execute(
                f"INSERT INTO files (tenant, user, {_FILE_COLUMNS}, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                (tenant, user, *values, now()),
            )

        await self._database.write(work)

    async def file(self, tenant: str, user: str, file_id: str) -> dict[str, Any] | None:
        """Return a file's record, or None."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                f"SELECT {_FILE_COLUMNS} FROM files WHERE tenant = ? AND user = ? AND file_id = ?",  # noqa: S608
                (tenant, user, file_id),
            )
        )
        return dict(found[0]) if found else None

    async def files(self, tenant: str, user: str, session_id: str) -> list[dict[str, Any]]:
        """Return the session's files' records, oldest first."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                f"SELECT {_FILE_COLUMNS} FROM files WHERE {_OWN} ORDER BY position",  # noqa: S608
                (tenant, user, session_id),
            )
        )
        return [dict(row) for row in found]


def _is_own(connection: sqlite3.Connection, tenant: str, user: str, session_id: str) -> bool:
    return bool(
        rows(
            connection,
            f"SELECT 1 FROM sessions WHERE {_OWN} AND deleted_at IS NULL",  # noqa: S608
            (tenant, user, session_id),
        )
    )


def _require_own(connection: sqlite3.Connection, tenant: str, user: str, session_id: str) -> None:
    # The same words whether it is missing or another's: an id must not be a way to learn of others.
    if not _is_own(connection, tenant, user, session_id):
        raise StoreError(f"You have no session {session_id!r}.")


def record_of_message(tenant: str, user: str, session_id: str, message: Message) -> MemoryRecord:
    """Return a message as the record it is kept as."""
    return MemoryRecord.model_construct(  # not validated: a message may be longer than a piece of memory
        tenant=tenant, user=user, session_id=session_id, layer="message", id=message.id, text=message.content,
        speaker=message.role, time=message.created_at or now(), data={"role": message.role, "run_id": message.run_id},
    )  # fmt: skip


def _forget_records(connection: sqlite3.Connection, tenant: str, user: str, session_id: str) -> None:
    writer = RecordWriter(connection)
    for space in rows(connection, "SELECT space FROM spaces WHERE tenant = ? AND user = ?", (tenant, user)):
        own = (space["space"], session_id)
        where = "space = ? AND session_id = ?"
        writer.delete(own[0], rows(connection, f"SELECT row, session_id, terms FROM records WHERE {where}", own))  # noqa: S608
        connection.execute(f"DELETE FROM dropped WHERE {where}", own)  # noqa: S608
