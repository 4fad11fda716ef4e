"""Erases what a user said and got out of the journal: rows stay, with when, what kind and which tool; content goes.

The one exception to the rule that the journal is only added to, and that only its writer writes it. In place of the
content stands its keyed hash, so that who has a copy and the key can show that the copy is what stood here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import orjson
from sanca.core.errors import StoreUnavailableError

_KEPT = ("call_id", "toolkit", "tool", "effect", "round", "ok", "seq", "terminal")
"""What tells that something happened, and nothing of whom or what about."""
_BATCH = 200
_WAIT_SECONDS = 30.0


def erase(path: Path, run_ids: Sequence[str], session_ids: Sequence[str], key: bytes) -> int:
    """Erase the content of all rows of these runs and sessions; return how many had any.

    Blocking; the writer goes on meanwhile, between batches of rows.

    Args:
        path: The journal; one that is not there has nothing.
        run_ids: Runs.
        session_ids: Sessions, all runs of each.
        key: Of the hashes.

    Raises:
        StoreUnavailableError: It is held by another for too long; what was erased is erased.
    """
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=_WAIT_SECONDS)) as connection:
            connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, not only let go
            count = sum(_erase(connection, batch, key) for batch in _batches(connection, run_ids, session_ids))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return count
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"The journal cannot be erased now ({error}); try again in a moment.") from error


def _batches(connection: sqlite3.Connection, run_ids: Sequence[str], session_ids: Sequence[str]) -> Iterator[list[int]]:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
        return
    found = connection.execute(
        "SELECT id FROM journal WHERE run_id IN (SELECT value FROM json_each(?))"
        " UNION SELECT id FROM journal WHERE session_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(run_ids)), json.dumps(list(session_ids))),
    )
    ids = [int(row[0]) for row in found.fetchall()]
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


def _erase(connection: sqlite3.Connection, ids: Sequence[int], key: bytes) -> int:
    count = 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in ids:
            *place, data = connection.execute(
                "SELECT id, run_id, session_id, seq, kind, time, trace_id, data FROM journal WHERE id = ?", (number,)
            ).fetchone()
            if (skeleton := _skeleton(data, key)) is None:
                continue
            # Not an update: those the journal refuses, and rightly so.
            connection.execute("DELETE FROM journal WHERE id = ?", (number,))
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*place, skeleton))
            count += 1
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return count


def _skeleton(data: str, key: bytes) -> str | None:
    fields = orjson.loads(data)
    if "erased" in fields:
        return None
    kept = {name: fields[name] for name in _KEPT if isinstance(fields.get(name), str | int | float | bool)}
    if "event" in fields:
        kept["event"] = "{}"
    return json.dumps({**kept, "erased": hmac.new(key, data.encode(), hashlib.sha256).hexdigest()})
