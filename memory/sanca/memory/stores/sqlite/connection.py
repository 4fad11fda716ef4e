"""How a connection to the memory file is made, and what its errors mean to a person. Knows no table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sanca.core.errors import StoreError, StoreUnavailableError
from sanca.memory.stores.moments import moment_of
from sanca.memory.stores.sqlite.cipher import open_encrypted, require_plain

_WAITING_HELPS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_WRITER_CACHE_KB, _READER_CACHE_KB = 16_000, 2_000


def connect(
    path: Path, *, timeout_seconds: float = 5.0, for_reading: bool = False, key: str = ""
) -> sqlite3.Connection:
    """Return a connection in WAL mode; what a writer has committed outlives a loss of power.

    Args:
        path: The file.
        timeout_seconds: How long a statement waits for another process.
        for_reading: Whether it may not write.
        key: Of an encrypted file, 64 hexadecimal digits; empty: the file is not encrypted.

    Raises:
        sqlite3.Error: The file cannot be opened or is no database.
        StoreError: It is encrypted and no key was given, or another; or it is not and one was.
    """
    if key:
        connection = open_encrypted(path, key, timeout=timeout_seconds, isolation_level=None, check_same_thread=False)
    else:
        require_plain(path)
        connection = sqlite3.connect(path, timeout=timeout_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, for_reading=for_reading)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, *, for_reading: bool) -> None:
    connection.row_factory = getattr(connection, "row_type", sqlite3.Row)
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    connection.create_function("moment_of", 1, moment_of, deterministic=True)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{_READER_CACHE_KB if for_reading else _WRITER_CACHE_KB}")
    if for_reading:
        connection.execute("PRAGMA query_only = ON")


def rows(connection: sqlite3.Connection, statement: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
    """Return all rows of a query, its cursor closed."""
    with closing(connection.execute(statement, tuple(parameters))) as cursor:
        return cursor.fetchall()


def translated(error: Exception, file_name: str) -> StoreError:
    """Return what an error of SQLite means to a person, with the way out."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes keep the plain one in their low byte
    if code in _WAITING_HELPS:
        return StoreUnavailableError("The memory store is busy; another process holds it. Try again in a moment.")
    if code == sqlite3.SQLITE_FULL:
        return StoreUnavailableError(f"The disk of the memory database {file_name!r} is full; free some space.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreError(f"The memory database {file_name!r} may only be read; give its file and folder write rights.")
    if code == sqlite3.SQLITE_IOERR:
        return StoreUnavailableError(
            f"The disk of the memory database {file_name!r} failed ({error}); look at the disk."
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return StoreError(f"The memory database {file_name!r} cannot be reached; give its file and folder your rights.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(damaged_sentence(file_name, str(error)))
    return StoreError(f"The memory store refused: {error}.")


def damaged_sentence(file_name: str, why: str) -> str:
    """Say that a file is damaged and what saves it."""
    return (
        f"The memory database {file_name!r} is damaged ({why}); nothing was changed. Restore it from a backup, or save "
        "what can be read with `sanca memory check --salvage FILE`."
    )
