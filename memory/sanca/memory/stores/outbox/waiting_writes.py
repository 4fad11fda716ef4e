"""Writes that wait for a store that does not answer: a queue in a small file, in order, kept until delivered.

Knows no store. A write that the store refuses when it is delivered is set aside with the reason, never lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanca.memory.stores.moments import now
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.database import Database

_MIGRATIONS = (
    """
    CREATE TABLE waiting (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, body TEXT NOT NULL,
        added_at TEXT NOT NULL) STRICT;
    CREATE TABLE refused (
        position INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL, added_at TEXT NOT NULL,
        refused_at TEXT NOT NULL, reason TEXT NOT NULL) STRICT
    """,
)


@dataclass(frozen=True)
class WaitingWrite:
    """One write as it was asked for."""

    position: int
    name: str
    """The store's method."""
    body: Mapping[str, Any]
    """Its arguments, JSON."""


class WaitingWrites:
    """The queue. Lifecycle: `open` once, `close` once after the last call; from many tasks at once."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _MIGRATIONS)

    async def open(self) -> None:
        """Open the file, making it if need be."""
        await self._database.open()

    async def close(self) -> None:
        """Close it."""
        await self._database.close()

    async def add(self, name: str, body: Mapping[str, Any]) -> None:
        """Put a write at the end; it is on the disk when this returns."""
        text = json.dumps(body, ensure_ascii=False)
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT INTO waiting (name, body, added_at) VALUES (?, ?, ?)", (name, text, now())
            ).close()
        )

    async def first(self, limit: int) -> list[WaitingWrite]:
        """Return the oldest writes, in order."""
        found = await self._database.read(
            lambda connection: rows(
                connection, "SELECT position, name, body FROM waiting ORDER BY position LIMIT ?", (limit,)
            )
        )
        return [WaitingWrite(row["position"], row["name"], json.loads(row["body"])) for row in found]

    async def count(self) -> int:
        """Return how many wait."""
        return await self._count("waiting")

    async def refused(self) -> int:
        """Return how many were set aside."""
        return await self._count("refused")

    async def remove(self, write: WaitingWrite) -> None:
        """Take out a write that was delivered."""
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM waiting WHERE position = ?", (write.position,)).close()
        )

    async def set_aside(self, write: WaitingWrite, reason: str) -> None:
        """Take out a write that the store refused, and keep it with the reason."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR IGNORE INTO refused SELECT position, name, body, added_at, ?, ? FROM waiting"
                " WHERE position = ?",
                (now(), reason, write.position),
            )
            connection.execute("DELETE FROM waiting WHERE position = ?", (write.position,))

        await self._database.write(work)

    async def forget_refused(self, tenant: str, user: str) -> None:
        """Take out what was set aside and is of this user."""

        def work(connection: sqlite3.Connection) -> None:
            for row in rows(connection, "SELECT position, body FROM refused"):
                if _is_of(json.loads(row["body"]), tenant, user):
                    connection.execute("DELETE FROM refused WHERE position = ?", (row["position"],))

        await self._database.write(work)

    async def scrub(self) -> None:
        """Rewrite the file without what was taken out."""
        await self._database.scrub()

    async def _count(self, table: str) -> int:
        counted = f"SELECT count(*) FROM {table}"  # noqa: S608 - one of two names above
        found = await self._database.read(lambda connection: rows(connection, counted))
        return int(found[0][0])


def _is_of(body: Mapping[str, Any], tenant: str, user: str) -> bool:
    """Whether a write is a user's: it names its owner, has a scope, or brings records."""
    owners = [body, body.get("scope") or {}, *body.get("records", ())]
    return any((one.get("tenant"), one.get("user")) == (tenant, user) for one in owners)
