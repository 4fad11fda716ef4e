"""Sessions, messages, files' records and feedback in SQLite. Every query names tenant and user; nothing is shared."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sanca.core.errors import StoreError
from sanca.core.messages import Message
from sanca.memory.sqlite import Database, rows

TITLE_CHARS = 200
"""Longer titles are cut."""

_MIGRATIONS = (
    """
    CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, user TEXT NOT NULL, title TEXT NOT NULL DEFAULT '',
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, used INTEGER NOT NULL, deleted_at TEXT) STRICT;
    CREATE INDEX sessions_of_user ON sessions (tenant, user, used DESC);
    CREATE TABLE messages (
        position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, user TEXT NOT NULL, session_id TEXT NOT NULL,
        message_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, run_id TEXT NOT NULL,
        created_at TEXT NOT NULL,
        dropped_at TEXT, UNIQUE (session_id, message_id)) STRICT;
    CREATE INDEX messages_of_session ON messages (tenant, user, session_id, position);
    CREATE TABLE feedback (
        tenant TEXT NOT NULL, user TEXT NOT NULL, run_id TEXT NOT NULL, thumb TEXT NOT NULL, comment TEXT NOT NULL,
        created_at TEXT NOT NULL, PRIMARY KEY (tenant, user, run_id)) STRICT;
    CREATE TABLE files (
        position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, user TEXT NOT NULL,
        file_id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL, name TEXT NOT NULL, size_bytes INTEGER NOT NULL, media_type TEXT NOT NULL,
        direction TEXT NOT NULL, path TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;
    CREATE INDEX files_of_session ON files (tenant, user, session_id, position)
    """,
)

_FILE_COLUMNS = "file_id, session_id, name, size_bytes, media_type, direction, path"
_OWN = "tenant = ? AND user = ? AND session_id = ?"


class SqliteSessionStore:
    """The embedded `sanca.core.ports.SessionStore`: one file, no server.

    A deleted session leaves its id behind, so that nobody else can take it up and see what other stores keep under it.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 5.0) -> None:
        self._database = Database(path, _MIGRATIONS, busy_timeout_seconds=busy_timeout_seconds)

    async def open(self) -> None:
        """Open the store, making or migrating its schema.

        Raises:
            StoreError: The file cannot be opened, or a newer version wrote it.
        """
        await self._database.open()

    async def close(self) -> None:
        """Close it; nothing may be called after."""
        await self._database.close()

    async def touch_session(self, tenant: str, user: str, session_id: str, *, title: str = "") -> None:
        """Make the session if it does not exist, and mark it used now. A title is only set where none is.

        Raises:
            StoreError: The id is another user's, or was deleted.
        """
        title = title.strip()[:TITLE_CHARS]

        def work(connection: sqlite3.Connection) -> None:
            now = _now()
            connection.execute(
                "INSERT INTO sessions (session_id, tenant, user, title, created_at, updated_at, used)"
                " VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (session_id) DO NOTHING",
                (session_id, tenant, user, title, now, now),
            )
            _require_own(connection, tenant, user, session_id)
            connection.execute(
                "UPDATE sessions SET updated_at = ?, title = CASE title WHEN '' THEN ? ELSE title END,"  # noqa: S608
                f" used = (SELECT max(used) + 1 FROM sessions) WHERE {_OWN}",
                (now, title, tenant, user, session_id),
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
        """Forget the session, its messages, files' records and feedback; one that is not there is forgotten already."""
        own = (tenant, user, session_id)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM feedback WHERE tenant = ? AND user = ?"  # noqa: S608
                f" AND run_id IN (SELECT run_id FROM messages WHERE {_OWN})",
                (tenant, user, *own),
            )
            connection.execute(f"DELETE FROM messages WHERE {_OWN}", own)  # noqa: S608
            connection.execute(f"DELETE FROM files WHERE {_OWN}", own)  # noqa: S608
            connection.execute(f"UPDATE sessions SET title = '', deleted_at = ? WHERE {_OWN}", (_now(), *own))  # noqa: S608

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
        values = (message.id, message.role, message.content, message.run_id, message.created_at or _now())

        def work(connection: sqlite3.Connection) -> None:
            _require_own(connection, tenant, user, session_id)
            connection.execute(
                "INSERT INTO messages (tenant, user, session_id, message_id, role, content, run_id, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, message_id) DO NOTHING",
                (tenant, user, session_id, *values),
            )

        await self._database.write(work)

    async def messages(self, tenant: str, user: str, session_id: str, *, limit: int = 50) -> list[Message]:
        """Return the newest messages, oldest first."""
        found = await self._database.read(
            lambda connection: rows(
                connection,
                "SELECT message_id, role, content, run_id, created_at FROM messages"  # noqa: S608
                f" WHERE {_OWN} AND dropped_at IS NULL ORDER BY position DESC LIMIT ?",
                (tenant, user, session_id, limit),
            )
        )
        return [
            Message(
                id=row["message_id"], role=row["role"], content=row["content"], run_id=row["run_id"],
                created_at=row["created_at"],
            )
            for row in reversed(found)
        ]  # fmt: skip

    async def drop_messages_from(self, tenant: str, user: str, session_id: str, message_id: str) -> None:
        """Leave out this message and all after it from `messages` (edit and resend). Kept for audit."""
        own = (tenant, user, session_id)
        await self._database.write(
            lambda connection: connection.execute(
                f"UPDATE messages SET dropped_at = ? WHERE {_OWN} AND dropped_at IS NULL AND position >="  # noqa: S608
                f" (SELECT position FROM messages WHERE {_OWN} AND message_id = ?)",
                (_now(), *own, *own, message_id),
            ).close()
        )

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
                (tenant, user, run_id, thumb, comment, _now()),
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
                (tenant, user, *values, _now()),
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
