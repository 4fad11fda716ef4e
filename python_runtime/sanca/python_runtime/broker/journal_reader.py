"""Reads the journal, read-only, while the broker writes it. Blocking; short queries over indexes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sanca.core.errors import StoreUnavailableError

_COLUMNS = "run_id, session_id, seq, kind, time, trace_id, data"

_NEWEST_CALLS = """
SELECT run_id, session_id, seq, kind, time, trace_id,
  CASE kind WHEN 'call_requested' THEN json_remove(data, '$.arguments_json')
  ELSE json_object('call_id', json_extract(data, '$.call_id')) END
FROM journal
WHERE id > (SELECT max(id) FROM journal) - 20000 AND time > ?
  AND (kind = 'call_finished' OR kind = 'call_requested' AND json_extract(data, '$.effect') <> 'READ')
ORDER BY id
"""
"""Effects and ends; without values and arguments, which may be long."""


_CALLS_IN_SHORT = """
SELECT run_id, session_id, seq, kind, time, trace_id,
  CASE WHEN length(data) > ? THEN json_remove(data, '$.value') ELSE data END
FROM journal WHERE run_id = ? AND kind IN ('call_requested', 'call_finished') ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One fact."""

    run_id: str
    session_id: str
    seq: int
    """1, 2, 3 … within the run, over all kinds."""
    kind: str
    time: float
    """Seconds since 1970, UTC."""
    trace_id: str
    data: dict[str, Any]


class JournalReader:
    """Reads `<home>/journal.db`; a journal that does not exist yet is empty. Safe to use from many threads."""

    def __init__(self, home: Path) -> None:
        self._path = home / "journal.db"

    def rows(self, run_id: str, *, after_seq: int = 0, kinds: Sequence[str] = ()) -> list[JournalRow]:
        """Return a run's facts in order.

        Args:
            run_id: The run.
            after_seq: Only rows with a greater `seq`.
            kinds: Only these; all when empty.
        """
        marks = ", ".join("?" * len(kinds))
        condition = f" AND kind IN ({marks})" if kinds else ""
        query = f"SELECT {_COLUMNS} FROM journal WHERE run_id = ? AND seq > ?{condition} ORDER BY seq"  # noqa: S608 (marks)
        return self._select(query, (run_id, after_seq, *kinds))

    def events(self, run_id: str, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the data of a run's `event` facts whose own `seq` (in the data) is greater than `after`, in order."""
        query = (
            f"SELECT {_COLUMNS} FROM journal WHERE run_id = ? AND kind = 'event'"  # noqa: S608 (a constant)
            " AND json_extract(data, '$.seq') > ? ORDER BY seq"
        )
        return [row.data for row in self._select(query, (run_id, after))]

    def calls(self, run_id: str, *, longest: int = 0) -> list[dict[str, Any]]:
        """Return a run's calls in order: what was requested, and under `finished` how it ended (None: it never did).

        Args:
            run_id: The run.
            longest: Rows of more characters come without the call's value; 0: all come whole.
        """
        calls: dict[str, dict[str, Any]] = {}
        for row in self._call_rows(run_id, longest):
            call_id = row.data["call_id"]
            if row.kind == "call_requested":
                calls[call_id] = {**row.data, "time": row.time, "finished": None}
            else:
                calls.setdefault(call_id, {**row.data, "time": row.time})["finished"] = row.data
        return list(calls.values())

    def _call_rows(self, run_id: str, longest: int) -> list[JournalRow]:
        if not longest:
            return self.rows(run_id, kinds=("call_requested", "call_finished"))
        return self._select(_CALLS_IN_SHORT, (longest, run_id))

    def runs(self, session_id: str) -> list[str]:
        """Return the ids of a session's runs, oldest first."""
        query = "SELECT run_id FROM journal WHERE session_id = ? GROUP BY run_id ORDER BY min(id)"
        with self._connection() as connection:
            return [] if connection is None else [found for (found,) in connection.execute(query, (session_id,))]

    def effects_left_open(self, seconds: float) -> list[JournalRow]:
        """Return the `call_requested` rows of effects of the last so many seconds that never ended, of the newest."""
        left: dict[str, JournalRow] = {}
        for row in self._select(_NEWEST_CALLS, (time.time() - seconds,)):
            if row.kind == "call_finished":
                left.pop(row.data["call_id"], None)
            else:
                left[row.data["call_id"]] = row
        return list(left.values())

    def _select(self, query: str, parameters: Sequence[Any]) -> list[JournalRow]:
        with self._connection() as connection:
            found = [] if connection is None else connection.execute(query, parameters).fetchall()
        return [_row(*row) for row in found]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.exists():
            yield None
            return
        try:
            connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"The journal {str(self._path)!r} cannot be read: {error}.") from error
        try:
            yield connection
        except sqlite3.Error as error:
            if "no such table" in str(error):  # the broker has made the file and not yet its table
                raise StoreUnavailableError("The journal is being made; try again in a moment.") from error
            raise StoreUnavailableError(f"The journal {str(self._path)!r} cannot be read: {error}.") from error
        finally:
            connection.close()


def _row(run_id: str, session_id: str, seq: int, kind: str, time: float, trace_id: str, data: str) -> JournalRow:
    return JournalRow(run_id, session_id, seq, kind, time, trace_id, orjson.loads(data))
