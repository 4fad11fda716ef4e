"""Writes records with all that belongs to them: terms, marks, vector, a note of the change. Within a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sanca.core.errors import RecordConflictError
from sanca.core.memory import MemoryRecord
from sanca.memory.stores.moments import now
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.rows import NewRecord, StoredVector, name_number, speaker_number

WHOLE_SPACE = -1
"""As the row of a change: more of the space changed than is worth telling one by one."""
_MANY, _KEPT_CHANGES = 1_000, 50_000
_INSERT = (
    "INSERT INTO records (space, session_id, id, position, document, speaker, time, title, source, language,"
    " valid_until, created_at, updated_at, revision, data, terms, text)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)"
)
_UPDATE = (
    "UPDATE records SET position = ?, document = ?, speaker = ?, time = ?, title = ?, source = ?, language = ?,"
    " valid_until = ?, updated_at = ?, revision = revision + 1, data = ?, terms = ?, text = ? WHERE row = ?"
)
NO_EMBEDDER = 0


class RecordWriter:
    """One transaction's writes; made anew for each."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._spaces: dict[tuple[str, str, str], int] = {}
        self._positions: dict[tuple[int, str], int] = {}
        self._now = now()

    def embedder(self, name: str, dimensions: int) -> int:
        """Return the number of an embedder, new if need be."""
        found = rows(self._connection, "SELECT embedder FROM embedders WHERE name = ?", (name,))
        if found:
            return int(found[0][0])
        new = "INSERT INTO embedders (name, dimensions) VALUES (?, ?)"
        return int(self._connection.execute(new, (name, dimensions)).lastrowid or 0)

    def space(self, tenant: str, user: str, layer: str) -> int:
        """Return the number of a space, new if need be."""
        key = (tenant, user, layer)
        if key not in self._spaces:
            where = "SELECT space FROM spaces WHERE tenant = ? AND user = ? AND layer = ?"
            found = rows(self._connection, where, key)
            if not found:
                self._connection.execute("INSERT INTO spaces (tenant, user, layer) VALUES (?, ?, ?)", key)
                found = rows(self._connection, where, key)
            self._spaces[key] = int(found[0][0])
        return self._spaces[key]

    def put(self, new: NewRecord, embedder: int = NO_EMBEDDER) -> None:
        """Add or replace a record.

        Raises:
            RecordConflictError: It was changed by another since it was read.
        """
        record = new.record
        space = self.space(record.tenant, record.user, record.layer)
        found = rows(
            self._connection,
            "SELECT row, revision, position, terms, title, text FROM records"
            " WHERE space = ? AND session_id = ? AND id = ?",
            (space, record.session_id, record.id),
        )
        if record.revision and (not found or found[0]["revision"] != record.revision):
            raise RecordConflictError(record.id)
        if found:
            self._replace(space, found[0], new, embedder)
        else:
            self._insert(space, new, embedder)

    def set_vector(self, row: int, space: int, session_id: str, vector: StoredVector, embedder: int) -> None:
        """Give a record its vector."""
        self._connection.execute(
            "UPDATE marks SET embedder = ?, signs = ? WHERE space = ? AND row = ?", (embedder, vector.signs, space, row)
        )
        self._keep_vector(row, vector, embedder)
        self._note(space, row, session_id)

    def delete(self, space: int, found: Iterable[sqlite3.Row]) -> None:
        """Forget records of one space: rows with `row`, `session_id` and `terms`."""
        found = list(found)
        for row in found:
            number = row["row"]
            self._forget_words(space, number, row["terms"])
            self._connection.execute("DELETE FROM records WHERE row = ?", (number,))
            self._connection.execute("DELETE FROM marks WHERE space = ? AND row = ?", (space, number))
            self._connection.execute("DELETE FROM vectors WHERE row = ?", (number,))
            if len(found) <= _MANY:
                self._note(space, number, row["session_id"])
        if len(found) > _MANY:
            self._note(space, WHOLE_SPACE, "")

    def add_dropped(self, space: int, row: sqlite3.Row, dropped_at: str) -> None:
        """Keep a record that an edit left out, where nobody finds it."""
        names = ("session_id", "id", "document", "position", "speaker", "time", "data", "text")
        self._connection.execute(
            f"INSERT OR REPLACE INTO dropped (space, dropped_at, {', '.join(names)})"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (space, dropped_at, *(row[name] for name in names)),
        )

    def _insert(self, space: int, new: NewRecord, embedder: int) -> None:
        record = new.record
        values = (
            space, record.session_id, record.id, self._position(space, record), record.document, record.speaker,
            record.time, record.title, record.source, record.language, record.valid_until, self._now, self._now,
            new.data, new.terms, record.text,
        )  # fmt: skip
        row = int(self._connection.execute(_INSERT, values).lastrowid or 0)
        self._index(space, row, new, embedder)

    def _replace(self, space: int, kept: sqlite3.Row, new: NewRecord, embedder: int) -> None:
        record, row = new.record, int(kept["row"])
        values = (
            record.position or kept["position"], record.document, record.speaker, record.time, record.title,
            record.source, record.language, record.valid_until, self._now, new.data, new.terms, record.text, row,
        )  # fmt: skip
        self._connection.execute(_UPDATE, values)
        is_edited = (kept["title"], kept["text"]) != (record.title, record.text)
        if is_edited or new.vector:
            self._connection.execute("DELETE FROM vectors WHERE row = ?", (row,))
        if is_edited or new.vector or kept["terms"] != new.terms:
            self._forget_words(space, row, kept["terms"])
            self._connection.execute("DELETE FROM marks WHERE space = ? AND row = ?", (space, row))
            self._index(space, row, new, embedder)
        else:
            self._connection.execute(
                "UPDATE marks SET speaker = ?, moment = ? WHERE space = ? AND row = ?",
                (speaker_number(record.speaker), new.moment, space, row),
            )
            self._note(space, row, record.session_id)

    def _index(self, space: int, row: int, new: NewRecord, embedder: int) -> None:
        record, vector = new.record, new.vector
        if new.terms:
            self._connection.execute("INSERT INTO words (rowid, terms) VALUES (?, ?)", (row, spaced(space, new.terms)))
        self._connection.execute(
            "INSERT INTO marks (space, row, session, speaker, moment, length, embedder, signs)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                space, row, name_number(record.session_id), speaker_number(record.speaker), new.moment,
                new.length, embedder if vector else NO_EMBEDDER, vector.signs if vector else None,
            ),
        )  # fmt: skip
        if vector:
            self._keep_vector(row, vector, embedder)
        self._note(space, row, record.session_id)

    def _keep_vector(self, row: int, vector: StoredVector, embedder: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO vectors (row, embedder, scale, vector) VALUES (?, ?, ?, ?)",
            (row, embedder, vector.scale, vector.whole),
        )

    def _forget_words(self, space: int, row: int, terms: str) -> None:
        if terms:
            self._connection.execute(
                "INSERT INTO words (words, rowid, terms) VALUES ('delete', ?, ?)", (row, spaced(space, terms))
            )

    def _note(self, space: int, row: int, session_id: str) -> None:
        change = int(
            self._connection.execute(
                "INSERT INTO changes (space, row, session) VALUES (?, ?, ?)", (space, row, name_number(session_id))
            ).lastrowid
            or 0
        )
        if change % (_KEPT_CHANGES // 10) == 0:
            self._connection.execute("DELETE FROM changes WHERE change <= ?", (change - _KEPT_CHANGES,))

    def _position(self, space: int, record: MemoryRecord) -> int:
        """Number messages in the order they come; others keep the place they were given."""
        if record.layer != "message" or record.position:
            return record.position
        key = (space, record.session_id)
        if key not in self._positions:
            self._positions[key] = last_position(self._connection, *key)
        self._positions[key] += 1
        return self._positions[key]


def last_position(connection: sqlite3.Connection, space: int, session_id: str) -> int:
    """Return the highest place taken in a session, by dropped messages too."""
    own = (space, session_id)
    found = rows(
        connection,
        "SELECT max(coalesce((SELECT max(position) FROM records WHERE space = ? AND session_id = ?), 0),"
        " coalesce((SELECT max(position) FROM dropped WHERE space = ? AND session_id = ?), 0))",
        (*own, *own),
    )
    return int(found[0][0])


def spaced(space: int, terms: str) -> str:
    """Return the terms, each once, as the index knows them: behind the number of their space."""
    front = f"{space}_"
    return " ".join([front + term for term in dict.fromkeys(terms.split(" "))])
