"""The tables of the memory file, version by version. A file of any older version is brought up to date when opened."""

from __future__ import annotations

import json
import sqlite3

from sanca.core.memory import MemoryRecord
from sanca.memory.stores.sqlite.connection import rows
from sanca.memory.stores.sqlite.rows import NewRecord
from sanca.memory.stores.sqlite.writing import RecordWriter

_SESSIONS = """
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
"""

# spaces: whose records of which layer; the number is part of every term, so a search walks its own scope only.
# marks: what searches hold in memory, a record's small facts and the signs of its vector, lying together by space.
# changes: what those who hold marks in memory must read again; the old end is cut off now and then.
# words: each record's terms, each once, behind the number of its space. Counts come from `records.terms`.
# dropped: messages that an edit left out; nobody finds them, they are kept until their session or user is forgotten.
_RECORDS = """
    CREATE TABLE spaces (
        space INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, user TEXT NOT NULL, layer TEXT NOT NULL,
        UNIQUE (tenant, user, layer)) STRICT;
    CREATE TABLE embedders (
        embedder INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER NOT NULL) STRICT;
    CREATE TABLE records (
        row INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL REFERENCES spaces, session_id TEXT NOT NULL,
        id TEXT NOT NULL, position INTEGER NOT NULL, document TEXT NOT NULL, speaker TEXT NOT NULL, time TEXT NOT NULL,
        title TEXT NOT NULL, source TEXT NOT NULL, language TEXT NOT NULL, valid_until TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, revision INTEGER NOT NULL, data TEXT NOT NULL,
        terms TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (space, session_id, id)) STRICT;
    CREATE INDEX records_in_order ON records (space, session_id, position);
    CREATE INDEX records_of_document ON records (space, document, position) WHERE document <> '';
    CREATE TABLE marks (
        space INTEGER NOT NULL, row INTEGER NOT NULL, session INTEGER NOT NULL, speaker INTEGER NOT NULL,
        moment INTEGER, length INTEGER NOT NULL, embedder INTEGER NOT NULL, signs BLOB,
        PRIMARY KEY (space, row)) STRICT, WITHOUT ROWID;
    CREATE INDEX marks_by_embedder ON marks (embedder);
    CREATE TABLE vectors (
        row INTEGER PRIMARY KEY, embedder INTEGER NOT NULL, scale REAL NOT NULL, vector BLOB NOT NULL) STRICT;
    CREATE TABLE changes (
        change INTEGER PRIMARY KEY, space INTEGER NOT NULL, row INTEGER NOT NULL, session INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE words USING fts5 (
        terms, content = '', detail = none, columnsize = 0,
        tokenize = "unicode61 remove_diacritics 0 categories 'L* N* Co Cn' tokenchars '_'");
    CREATE TABLE dropped (
        space INTEGER NOT NULL REFERENCES spaces, session_id TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
        position INTEGER NOT NULL, speaker TEXT NOT NULL, time TEXT NOT NULL, data TEXT NOT NULL, text TEXT NOT NULL,
        dropped_at TEXT NOT NULL, PRIMARY KEY (space, session_id, id)) STRICT
"""


def _move_messages(connection: sqlite3.Connection) -> None:
    """Make records of the messages of schema 1, in their order, and drop the old table."""
    last = -1
    page = (
        "SELECT dropped_at, tenant, user, session_id, message_id AS id, role AS speaker,"
        " content AS text, created_at AS time, json_object('role', role, 'run_id', run_id) AS data, '' AS document,"
        " position FROM messages WHERE position > ? ORDER BY position LIMIT 1000"
    )
    while found := rows(connection, page, (last,)):
        writer = RecordWriter(connection)
        for row in found:
            if row["dropped_at"]:
                writer.add_dropped(writer.space(row["tenant"], row["user"], "message"), row, row["dropped_at"])
            else:
                writer.put(NewRecord.of(_message(row)))
        last = found[-1]["position"]
    connection.execute("DROP TABLE messages")


def _message(row: sqlite3.Row) -> MemoryRecord:
    names = ("tenant", "user", "session_id", "id", "text", "speaker", "time", "position")
    return MemoryRecord.model_construct(
        layer="message", data=json.loads(row["data"]), **{name: row[name] for name in names}
    )


MIGRATIONS = (_SESSIONS, _RECORDS, _move_messages)
