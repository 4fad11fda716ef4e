"""Keeps in `agent_tasks.db` what was asked of other agents and is not answered yet, and which cards were seen.

Outlives broker and engine. Blocks; who is on an event loop asks from a thread. Sends nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from sanca.core.errors import StoreError

FILE_NAME = "agent_tasks.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS agent_tasks (
  agent TEXT NOT NULL, task_id TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL, session_id TEXT NOT NULL,
  run_id TEXT NOT NULL, context_id TEXT NOT NULL, asked TEXT NOT NULL, state TEXT NOT NULL, reply TEXT NOT NULL,
  sent_at REAL NOT NULL, until REAL NOT NULL, look_at REAL NOT NULL, tries INTEGER NOT NULL,
  PRIMARY KEY (agent, task_id)
);
CREATE INDEX IF NOT EXISTS agent_tasks_by_state ON agent_tasks (agent, state, look_at);
CREATE TABLE IF NOT EXISTS agent_cards (agent TEXT PRIMARY KEY, digest TEXT NOT NULL);
"""
_KEPT_SECONDS = 7 * 86_400.0
"""How long one that is over stays, so that `status` can tell of it; without its words."""
WAITING, ANSWERED, OVER, CANCELLED = "waiting", "answered", "over", "cancelled"
_ASKED_CHARS = 2000

T = TypeVar("T")


@dataclass(frozen=True)
class SentTask:
    """A question that is out."""

    agent: str
    """The toolkit's name."""
    task_id: str
    tenant: str
    user: str
    session_id: str
    run_id: str
    context_id: str = ""
    asked: str = ""
    state: str = WAITING
    reply: str = ""
    """What came, as JSON of an `AgentReply`'s `text, data, state`, until it is handed over."""
    sent_at: float = 0.0
    """Seconds since 1970, as the others."""
    until: float = 0.0
    look_at: float = 0.0
    tries: int = 0


class TaskBook:
    """One file for all agents of a state folder; made when first needed. Safe to use from many threads."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever kept."""
        return self._path.exists()

    def add(self, task: SentTask, late_seconds: float) -> None:
        """Keep a question that is out; of one that is over, an agent's task goes on with a new question."""
        now = time.time()
        row = replace(task, asked=task.asked[:_ASKED_CHARS], sent_at=now, until=now + late_seconds, look_at=now)
        names = [one.name for one in fields(SentTask)]
        marks = ", ".join("?" * len(names))
        again = ", ".join(f"{name} = excluded.{name}" for name in names)
        statement = (
            f"INSERT INTO agent_tasks ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (agent, task_id) "  # noqa: S608
            f"DO UPDATE SET {again} WHERE state IN ('{OVER}', '{CANCELLED}') "
            "AND tenant = excluded.tenant AND user = excluded.user AND session_id = excluded.session_id"
        )
        self._with(lambda db: db.execute(statement, [getattr(row, name) for name in names]))

    def find(self, agent: str, task_id: str, tenant: str, user: str) -> SentTask | None:
        """Return a user's question by the other agent's id; None: there is none of theirs."""
        where = "WHERE agent = ? AND task_id = ? AND tenant = ? AND user = ?"
        found = self._select(where, agent, task_id, tenant, user)
        return found[0] if found else None

    def due(self, agent: str, limit: int = 50) -> list[SentTask]:
        """Return what is to be looked at now, the longest due first."""
        where = f"WHERE agent = ? AND state IN ('{WAITING}', '{ANSWERED}') AND look_at <= ? ORDER BY look_at LIMIT ?"
        return self._select(where, agent, time.time(), limit)

    def next_look(self, agent: str) -> float | None:
        """Return when the next one is due, in seconds since 1970; None: none is out."""
        query = f"SELECT MIN(look_at) FROM agent_tasks WHERE agent = ? AND state IN ('{WAITING}', '{ANSWERED}')"  # noqa: S608
        (found,) = self._with(lambda db: db.execute(query, (agent,)).fetchone())
        return None if found is None else float(found)

    def count_out(self, tenant: str, user: str) -> int:
        """Return how many questions of a user are out, at all agents."""
        if not self.exists:
            return 0
        query = "SELECT COUNT(*) FROM agent_tasks WHERE tenant = ? AND user = ? AND state IN (?, ?)"
        (found,) = self._with(lambda db: db.execute(query, (tenant, user, WAITING, ANSWERED)).fetchone())
        return int(found)

    def look_later(self, task: SentTask, seconds: float) -> None:
        """Look at it again after a while."""
        statement = "UPDATE agent_tasks SET look_at = ?, tries = tries + 1 WHERE agent = ? AND task_id = ?"
        self._with(lambda db: db.execute(statement, (time.time() + seconds, task.agent, task.task_id)))

    def set_reply(self, task: SentTask, reply: str) -> None:
        """Keep what came until it is handed over; one that was cancelled meanwhile stays so."""
        statement = "UPDATE agent_tasks SET state = ?, reply = ? WHERE agent = ? AND task_id = ? AND state = ?"
        self._with(lambda db: db.execute(statement, (ANSWERED, reply, task.agent, task.task_id, WAITING)))

    def end(self, task: SentTask, state: str = OVER) -> None:
        """Nothing more comes; its words are forgotten, and those that ended long ago."""

        def forget(db: sqlite3.Connection) -> None:
            statement = "UPDATE agent_tasks SET state = ?, asked = '', reply = '' WHERE agent = ? AND task_id = ?"
            db.execute(statement, (state, task.agent, task.task_id))
            old = f"DELETE FROM agent_tasks WHERE state IN ('{OVER}', '{CANCELLED}') AND sent_at < ?"  # noqa: S608
            db.execute(old, (time.time() - _KEPT_SECONDS,))

        self._with(forget)

    def seen_card(self, agent: str, digest: str) -> str:
        """Keep which card an agent has now; returns the one it had, empty when it is the first."""

        def swap(db: sqlite3.Connection) -> str:
            found = db.execute("SELECT digest FROM agent_cards WHERE agent = ?", (agent,)).fetchone()
            if found is None or found[0] != digest:
                db.execute("INSERT OR REPLACE INTO agent_cards VALUES (?, ?)", (agent, digest))
            return str(found[0]) if found else ""

        return self._with(swap)

    def of_user(self, tenant: str, user: str) -> list[SentTask]:
        """Return all of a user's questions, the first one first."""
        return self._select("WHERE tenant = ? AND user = ? ORDER BY sent_at", tenant, user)

    def forget_user(self, tenant: str, user: str) -> None:
        """Forget all that a user asked, and have the file's bytes forget it too."""
        if not self.exists:
            return

        def forget(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM agent_tasks WHERE tenant = ? AND user = ?", (tenant, user))
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

        self._with(forget)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _select(self, where: str, *values: object) -> list[SentTask]:
        if not self.exists:
            return []
        names = ", ".join(one.name for one in fields(SentTask))
        rows = self._with(lambda db: db.execute(f"SELECT {names} FROM agent_tasks {where}", values).fetchall())  # noqa: S608
        return [SentTask(*row) for row in rows]

    def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock, self._refusals():
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(_SCHEMA)
        return connection

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The record of questions to agents {str(self._path)!r} refused: {error}.") from error
