"""Turns a plain memory file into an encrypted one and back: a copy, verified, then put in its place in one step.

Blocking, and for a memory that no engine has open. Whatever goes wrong before the last step leaves the file as it was.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sanca.core.errors import ConfigurationError, StoreError, StoreUnavailableError
from sanca.memory.stores.sqlite.cipher import is_plain, key_literal, key_statement, open_encrypted, plain_connection

_BATCH = 1_000


def encrypt(path: Path, key: str) -> int:
    """Encrypt a plain memory file in its place; return how many rows it holds.

    Raises:
        StoreError: It is encrypted already, there is none, or the copy is not the same; nothing was changed then.
        StoreUnavailableError: Somebody has it open.
    """
    _require(path)
    if not is_plain(path):
        raise StoreError(f"The memory database {path.name!r} is encrypted already.")
    if not key:
        raise ConfigurationError("Set SANCA_MEMORY_ENCRYPTION_KEY_FILE to a file with 64 hexadecimal digits first.")
    return _convert(path, "", key)


def decrypt(path: Path, key: str) -> int:
    """Make an encrypted memory file plain in its place; return how many rows it holds.

    Raises:
        StoreError: It is plain, there is none, the key is not its key, or the copy is not the same; nothing was
            changed then.
        StoreUnavailableError: Somebody has it open.
    """
    _require(path)
    if is_plain(path):
        raise StoreError(f"The memory database {path.name!r} is not encrypted.")
    if not key:
        raise ConfigurationError("Set SANCA_MEMORY_ENCRYPTION_KEY_FILE to the file that holds the key of the memory.")
    return _convert(path, key, "")


def _require(path: Path) -> None:
    if not path.exists():
        raise StoreError(
            f"There is no memory database {path.name!r} in the state folder yet; there is nothing to convert."
        )


def _convert(path: Path, old_key: str, new_key: str) -> int:
    copy = path.with_name(f"{path.name}.converting~")
    copy.unlink(missing_ok=True)
    try:
        with _alone(path, old_key) as old:
            _copy(old, copy, new_key)
            count = _require_same(old, copy, new_key)
            _flush(copy)
            # Still within the lock: whoever opens the file next finds the new one, and no journal of the old one.
            copy.replace(path)
        for leftover in ("-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
        _flush(path.parent)
    except sqlite3.Error as error:
        raise StoreError(f"The memory database {path.name!r} was left as it was: {error}.") from error
    except OSError as error:
        raise StoreError(f"The memory database {path.name!r} was left as it was: {error.strerror}.") from error
    finally:
        copy.unlink(missing_ok=True)
    return count


@contextmanager
def _alone(path: Path, key: str) -> Iterator[sqlite3.Connection]:
    """Open a file that nobody else has open, with everything of its journal in the file itself."""
    options = {"timeout": 1.0, "isolation_level": None}
    # SQLCipher opens plain files too, and only it can copy from one kind to the other.
    connection = open_encrypted(path, key, **options) if key else plain_connection(path, **options)
    with closing(connection):
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()  # refused while another has it open
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StoreUnavailableError(
                f"The memory database {path.name!r} is in use; stop the engine that has it open, then try again."
            ) from error
        yield connection


def _copy(old: sqlite3.Connection, copy: Path, key: str) -> None:
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    old.execute("ATTACH DATABASE ? AS new KEY " + (f'"{key_literal(key)}"' if key else "''"), (str(copy),))
    try:
        old.execute("SELECT sqlcipher_export('new')").fetchall()
        version = int(old.execute("PRAGMA main.user_version").fetchone()[0])  # the export leaves it out
        old.execute(f"PRAGMA new.user_version = {version}")
    finally:
        old.execute("DETACH DATABASE new")


def _require_same(old: sqlite3.Connection, copy: Path, key: str) -> int:
    """See that the copy is whole and holds the same rows, by opening it as an engine would; return how many."""
    with closing(_opened(copy, key)) as new:
        if (found := new.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise StoreError(f"The copy is not sound ({found}); the memory was left as it was.")
        tables = _tables(old)
        if _tables(new) != tables or _version(new) != _version(old):
            raise StoreError("The copy has other tables than the memory; the memory was left as it was.")
        return sum(_require_same_rows(old, new, table) for table in tables)


def _opened(path: Path, key: str) -> sqlite3.Connection:
    connection = plain_connection(path)
    if key:
        connection.execute(key_statement(key))
    return connection


def _require_same_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    count = 0
    query = f'SELECT * FROM "{table}"'  # noqa: S608 - the schema's own names
    with closing(old.execute(query)) as ours, closing(new.execute(query)) as theirs:
        while True:
            batch, copied = ours.fetchmany(_BATCH), theirs.fetchmany(_BATCH)
            if batch != copied:
                raise StoreError(f"The copy of {table!r} is not the same; the memory was left as it was.")
            if not batch:
                return count
            count += len(batch)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name")
    return [str(name) for (name,) in found.fetchall() if not str(name).startswith("sqlite_stat")]


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
