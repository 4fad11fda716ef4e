"""The journal's writer: one row a fact, appended by one thread in groups. Reading is `journal_reader`'s.

A row is queued in a microsecond; an effect's row ends the batching window at once and waits for the one shared fsync.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import structlog
from sanca.core.errors import StoreUnavailableError

log = structlog.get_logger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  time REAL NOT NULL,
  trace_id TEXT NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (run_id, seq)
);
DROP INDEX IF EXISTS journal_kind;
CREATE INDEX IF NOT EXISTS journal_session ON journal (session_id, id);
CREATE TRIGGER IF NOT EXISTS journal_is_append_only BEFORE UPDATE ON journal
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
_INSERT = "INSERT INTO journal (run_id, session_id, seq, kind, time, trace_id, data) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?, ?)"
_ROWS_AT_ONCE = 40
"""Rows of one statement: each statement costs as much as two rows."""
_LAST_SEQ = "SELECT max(seq) FROM journal WHERE run_id = ?"
_RECENT_RUNS = (
    "SELECT DISTINCT run_id FROM journal WHERE id > (SELECT max(id) FROM journal) - 20000"
    " AND time > ? AND kind = 'call_requested' LIMIT 1000"
)

WINDOW_SECONDS = 0.02
"""How long reads are collected for one commit."""

QUEUE_LIMIT_ROWS = 20_000
"""Beyond it a caller waits for the disk instead of filling the memory."""

VALUE_LIMIT_BYTES = 262_144
"""A bigger result is kept as its size only."""

_RETRY_SECONDS = 0.5


class Fact(NamedTuple):
    """One row to be; `seq` is given when it is written, in the order of the queue."""

    run_id: str
    session_id: str
    kind: str
    time: float
    trace_id: str
    data: Mapping[str, Any]


class _Marker:
    """Somebody waits for everything queued so far."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[str], None]) -> None:
        self.callback = callback


class Journal:
    """Opened once, closed once; any thread may put. The only writer of `<home>/journal.db`."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            message = f"The journal {str(path)!r} cannot be opened: {error}. Move it away or repair it."
            raise StoreUnavailableError(message) from error
        self._queue: queue.SimpleQueue[Fact | _Marker | None] = queue.SimpleQueue()
        self._urgent = threading.Event()
        self._last_seq: dict[str, int] = {}
        self._ended = False
        self.problem = ""
        """What keeps it from writing; empty when all is well."""
        self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)
        self._thread.start()

    def put(self, fact: Fact) -> None:
        """Queue a fact; it is on the disk with the next group."""
        self._queue.put(fact)
        if self._queue.qsize() > QUEUE_LIMIT_ROWS:
            self.wait()

    def put_and_wait(self, fact: Fact) -> None:
        """Write a fact and everything before it, and wait for the disk.

        Raises:
            StoreUnavailableError: It cannot be written; what depends on it must not happen.
        """
        self._queue.put(fact)
        self.wait()

    def wait(self) -> None:
        """Wait until everything queued is on the disk."""
        done = threading.Lock()
        done.acquire()
        problems: list[str] = []

        def release(problem: str) -> None:
            problems.append(problem)
            done.release()

        self.when_written(release)
        done.acquire()
        if problems[0]:
            raise StoreUnavailableError(f"The journal cannot be written: {problems[0]}.")

    def when_written(self, callback: Callable[[str], None]) -> None:
        """Call back from the writer's thread once everything queued is on the disk, with what went wrong or nothing."""
        if self._ended:
            callback("it is closed")
            return
        self._queue.put(_Marker(callback))
        self._urgent.set()

    def last_call_number(self, run_id: str) -> int:
        """Return the highest call number written for a run; 0 when none."""
        self.wait()
        found = self._connection.execute(
            "SELECT max(CAST(substr(json_extract(data, '$.call_id'), ?) AS INTEGER)) FROM journal"
            " WHERE run_id = ? AND kind IN ('call_requested', 'call_finished')",
            (len(run_id) + 2, run_id),
        ).fetchone()
        return int(found[0] or 0)

    def recent_runs(self, seconds: float) -> list[str]:
        """Return the runs, of the last so many seconds, whose calls left; looks at the newest rows only."""
        self.wait()
        rows = self._connection.execute(_RECENT_RUNS, (time.time() - seconds,)).fetchall()
        return [str(run_id) for (run_id,) in rows]

    def close(self) -> None:
        """Write what is queued and close the file."""
        self._ended = True
        self._queue.put(None)
        self._urgent.set()
        self._thread.join()
        self._connection.close()

    def _write_on(self) -> None:
        pending: list[Fact] = []
        ended = False
        while not ended:
            facts, markers, ended = self._collect()
            pending += facts
            try:
                self._commit(pending)
            except sqlite3.Error as error:
                self._complain(str(error))
                if not ended and not markers:
                    time.sleep(_RETRY_SECONDS)
            else:
                pending, self.problem = [], ""
            for marker in markers:
                marker.callback(self.problem)

    def _collect(self) -> tuple[list[Fact], list[_Marker], bool]:
        """Wait for a first row, then for the end of the window or an effect."""
        items = [self._queue.get()]
        if isinstance(items[0], Fact):
            self._urgent.wait(WINDOW_SECONDS)
        self._urgent.clear()  # before draining: who sets it later has also queued later, and is waited for next time
        try:
            while True:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        facts = [item for item in items if isinstance(item, Fact)]
        return facts, [item for item in items if isinstance(item, _Marker)], None in items

    def _commit(self, facts: list[Fact]) -> None:
        if not facts:
            return
        known = dict(self._last_seq)
        rows = [self._row(fact) for fact in facts]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._insert(rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._last_seq = known
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        many = _INSERT + ", ".join([_ROW] * _ROWS_AT_ONCE)
        for start in range(0, whole, _ROWS_AT_ONCE):
            self._connection.execute(many, list(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE])))
        self._connection.executemany(_INSERT + _ROW, rows[whole:])

    def _row(self, fact: Fact) -> tuple[Any, ...]:
        run_id = fact.run_id
        if (last := self._last_seq.get(run_id)) is None:
            last = int(self._connection.execute(_LAST_SEQ, (run_id,)).fetchone()[0] or 0)
        self._last_seq[run_id] = last + 1
        return (run_id, fact.session_id, last + 1, fact.kind, fact.time, fact.trace_id, encode(fact.data))

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            log.error("journal_not_written", reason=problem)
        self.problem = problem


def encode(data: Mapping[str, Any]) -> str:
    """Return the JSON of a fact's data; a `value` that is too long is left out and its size told."""
    value = data.get("value")
    if isinstance(value, str) and len(value) > VALUE_LIMIT_BYTES:  # looked at first: it may have 60 MB
        return _dump({**data, "value": None, "value_bytes": len(value.encode("utf-8", "replace"))}).decode()
    text = _dump(data)
    if len(text) > VALUE_LIMIT_BYTES and "value" in data:
        rest = _dump({**data, "value": None})
        return _dump({**data, "value": None, "value_bytes": len(text) - len(rest) + len(b"null")}).decode()
    return text.decode()


def _dump(data: Mapping[str, Any]) -> bytes:
    return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)
