"""What the A2A server keeps beside the runs, in `<home>/a2a.db`: turns of talks, push addresses, what is to be sent.

Tasks are not here: they are runs. Nothing of the SDK is loaded, so that forgetting a user is cheap.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "a2a.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turns (
  task_id TEXT NOT NULL, number INTEGER NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL, message BLOB NOT NULL,
  PRIMARY KEY (task_id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS push_addresses (
  task_id TEXT NOT NULL, id TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL, rights TEXT NOT NULL,
  version TEXT NOT NULL, config BLOB NOT NULL, seen INTEGER NOT NULL DEFAULT 0, is_over INTEGER NOT NULL DEFAULT 0,
  created REAL NOT NULL, PRIMARY KEY (task_id, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS push_queue (
  number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS push_queue_by_address ON push_queue (task_id, id, number);
CREATE INDEX IF NOT EXISTS turns_by_user ON turns (tenant, user);
CREATE INDEX IF NOT EXISTS push_addresses_by_user ON push_addresses (tenant, user);
"""


@dataclass(frozen=True)
class PushAddress:
    """Where a task's changes are sent, and on whose behalf they are read."""

    task_id: str
    id: str
    tenant: str
    user: str
    rights: tuple[str, ...]
    version: str
    """In which words: 1.0 or 0.3."""
    config: bytes
    """A serialized `TaskPushNotificationConfig`."""
    seen: int = 0
    """The number of the run's last event that is in the queue or was sent."""
    is_over: bool = False
    """The task's end is in the queue or was sent."""


@dataclass(frozen=True)
class Notification:
    """One thing to be sent."""

    number: int
    body: bytes
    attempts: int


class A2aStore:
    """The file. Every method takes well under a millisecond and may be called from any thread."""

    def __init__(self, home: Path) -> None:
        path = home / NAME
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "busy_timeout=5000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # -- turns --------------------------------------------------------------------------------------------------------

    def add_turns(self, task_id: str, tenant: str, user: str, messages: Sequence[bytes]) -> None:
        """Append serialized messages to a task's talk."""
        with self._write() as db:
            (last,) = db.execute("SELECT coalesce(max(number), 0) FROM turns WHERE task_id = ?", (task_id,)).fetchone()
            rows = [(task_id, last + n, tenant, user, message) for n, message in enumerate(messages, 1)]
            db.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?)", rows)

    def turns(self, task_id: str, most: int | None = None) -> list[bytes]:
        """Return the newest messages of a task's talk, the oldest of them first."""
        rows = self._read(
            "SELECT message FROM turns WHERE task_id = ? ORDER BY number DESC LIMIT ?",
            (task_id, -1 if most is None else most),
        )
        return [row[0] for row in reversed(rows)]

    # -- addresses ----------------------------------------------------------------------------------------------------

    def put_address(self, address: PushAddress) -> None:
        """Keep an address, or put it in the place of the one of its id; where it had got to stays."""
        values = (address.task_id, address.id, address.tenant, address.user, "\n".join(address.rights))
        with self._write() as db:
            db.execute(
                "INSERT INTO push_addresses VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (task_id, id) DO UPDATE"
                " SET tenant = excluded.tenant, user = excluded.user, rights = excluded.rights,"
                " version = excluded.version, config = excluded.config",
                (*values, address.version, address.config, address.seen, time.time()),
            )

    def addresses(self, task_id: str = "") -> list[PushAddress]:
        """Return the addresses of a task, the oldest first; without a task: of all."""
        where = "WHERE task_id = ?" if task_id else ""
        names = "task_id, id, tenant, user, rights, version, config, seen, is_over"
        sql = f"SELECT {names} FROM push_addresses {where} ORDER BY created, id"  # noqa: S608 - nothing from outside
        rows = self._read(sql, (task_id,) if task_id else ())
        return [
            PushAddress(
                task_id,
                id_,
                tenant,
                user,
                tuple(rights.split("\n")) if rights else (),
                version,
                config,
                seen,
                bool(over),
            )
            for task_id, id_, tenant, user, rights, version, config, seen, over in rows
        ]

    def drop_address(self, task_id: str, id_: str) -> None:
        """Forget an address and what was to be sent there; it need not exist."""
        with self._write() as db:
            db.execute("DELETE FROM push_queue WHERE task_id = ? AND id = ?", (task_id, id_))
            db.execute("DELETE FROM push_addresses WHERE task_id = ? AND id = ?", (task_id, id_))

    # -- what is to be sent -------------------------------------------------------------------------------------------

    def enqueue(self, address: PushAddress, seen: int, bodies: Sequence[bytes], *, is_over: bool) -> None:
        """Keep what is to be sent, and up to which event of the run that is, in one step."""
        key = (address.task_id, address.id)
        with self._write() as db:
            found = db.execute("SELECT seen FROM push_addresses WHERE task_id = ? AND id = ?", key).fetchone()
            if found is None or found[0] >= seen:
                return
            db.execute(
                "UPDATE push_addresses SET seen = ?, is_over = ? WHERE task_id = ? AND id = ?", (seen, is_over, *key)
            )
            rows = [(*key, body) for body in bodies]
            db.executemany("INSERT INTO push_queue (task_id, id, body) VALUES (?, ?, ?)", rows)

    def next_notification(self, task_id: str, id_: str) -> Notification | None:
        """Return what is to be sent next to an address."""
        rows = self._read(
            "SELECT number, body, attempts FROM push_queue WHERE task_id = ? AND id = ? ORDER BY number LIMIT 1",
            (task_id, id_),
        )
        return Notification(*rows[0]) if rows else None

    def tried(self, number: int) -> None:
        """Count a try that failed."""
        with self._write() as db:
            db.execute("UPDATE push_queue SET attempts = attempts + 1 WHERE number = ?", (number,))

    def sent(self, number: int) -> None:
        """Let go of what was sent, or given up."""
        with self._write() as db:
            db.execute("DELETE FROM push_queue WHERE number = ?", (number,))

    # -- users --------------------------------------------------------------------------------------------------------

    def of_user(self, tenant: str, user: str) -> Iterator[tuple[str, str, bytes]]:
        """Yield `kind, task id, bytes` of all that is kept of a user."""
        for kind, table, column in (("a2a_turn", "turns", "message"), ("a2a_push", "push_addresses", "config")):
            sql = f"SELECT task_id, {column} FROM {table} WHERE tenant = ? AND user = ?"  # noqa: S608 - our own names
            for task_id, content in self._read(sql, (tenant, user)):
                yield kind, task_id, content

    def forget_user(self, tenant: str, user: str) -> int:
        """Erase all of a user, bytes included; returns how many records that were."""
        with self._write() as db:
            mine = "SELECT task_id, id FROM push_addresses WHERE tenant = ? AND user = ?"
            db.execute(f"DELETE FROM push_queue WHERE (task_id, id) IN ({mine})", (tenant, user))  # noqa: S608
            gone = db.execute("DELETE FROM push_addresses WHERE tenant = ? AND user = ?", (tenant, user)).rowcount
            gone += db.execute("DELETE FROM turns WHERE tenant = ? AND user = ?", (tenant, user)).rowcount
        with self._lock:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def _read(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
