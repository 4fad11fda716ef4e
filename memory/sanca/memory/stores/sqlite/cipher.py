"""Connections to an encrypted memory file, by SQLCipher. They behave as those of the standard library, errors too."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from sanca.core.errors import ConfigurationError, StoreError

_PLAIN = b"SQLite format 3\x00"
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_CALLS = (
    "execute",
    "executemany",
    "executescript",
    "fetchone",
    "fetchall",
    "fetchmany",
    "__next__",
    "commit",
    "rollback",
)


def open_encrypted(path: Path, key: str, **options: Any) -> sqlite3.Connection:
    """Return a connection to an encrypted file, made when it is not there.

    Args:
        path: The file.
        key: 64 hexadecimal digits.
        options: As `sqlite3.connect` takes them.

    Raises:
        StoreError: The file is not encrypted, or the key is not its key.
        ConfigurationError: SQLCipher is not installed, or the key is none.
    """
    if is_plain(path):
        raise StoreError(
            f"The memory database {path.name!r} is not encrypted, but a key is set; encrypt it with `sanca memory "
            "encrypt`, or unset SANCA_MEMORY_ENCRYPTION_KEY_FILE."
        )
    connection = plain_connection(path, **options)
    try:
        connection.execute(key_statement(key))
        _read_first_page(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def plain_connection(path: Path, **options: Any) -> sqlite3.Connection:
    """Return a connection of SQLCipher that was told no key yet."""
    return cast("sqlite3.Connection", _connection_class()(str(path), **options))


def require_plain(path: Path) -> None:
    """See that a file may be opened without a key.

    Raises:
        StoreError: It is encrypted, or no database at all.
    """
    if path.exists() and path.stat().st_size and not is_plain(path):
        raise StoreError(
            f"The memory database {path.name!r} cannot be opened: it is encrypted, or damaged at its very start; "
            "nothing was changed. Set SANCA_MEMORY_ENCRYPTION_KEY_FILE to the file that holds its key; if it never had "
            "one, restore a backup."
        )


def is_plain(path: Path) -> bool:
    """Whether a file is a database that anyone can read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_PLAIN)) == _PLAIN
    except FileNotFoundError:
        return False


def key_statement(key: str) -> str:
    """Return what tells SQLCipher the key; it is never shown, so no message may quote it.

    Raises:
        ConfigurationError: The key is not of 64 hexadecimal digits.
    """
    return f'PRAGMA key = "{key_literal(key)}"'


def key_literal(key: str) -> str:
    """Return the key as SQLCipher's statements take it: used as it is, not derived from a passphrase.

    Raises:
        ConfigurationError: The key is not of 64 hexadecimal digits.
    """
    if not _KEY.fullmatch(key):
        raise ConfigurationError("A key of the memory has 64 hexadecimal digits; make one with `openssl rand -hex 32`.")
    return f"x'{key}'"


def _read_first_page(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        raise StoreError(
            f"The key does not open the memory database {path.name!r}; nothing was changed. Set "
            "SANCA_MEMORY_ENCRYPTION_KEY_FILE to the key it was encrypted with: without it nobody can read the file."
        ) from None


@functools.cache
def _connection_class() -> type[Any]:
    """Make SQLCipher's classes raise the errors of the standard library, for which all code is written."""
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise ConfigurationError(
            "An encrypted memory needs SQLCipher: install the package sqlcipher3, or unset "
            "SANCA_MEMORY_ENCRYPTION_KEY_FILE."
        ) from error

    def translating(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return method(*arguments, **named)
            except dbapi2.Error as error:
                raise _translated(error) from None

        return call

    def methods(base: type[Any]) -> dict[str, Any]:
        return {name: translating(getattr(base, name)) for name in _CALLS if hasattr(base, name)}

    cursor = type("EncryptedCursor", (dbapi2.Cursor,), methods(dbapi2.Cursor))

    def cursors(self: Any, factory: type[Any] = cursor) -> Any:
        return dbapi2.Connection.cursor(self, factory)

    own = {**methods(dbapi2.Connection), "cursor": cursors, "row_type": dbapi2.Row}
    return type("EncryptedConnection", (dbapi2.Connection,), own)


def _translated(error: Exception) -> sqlite3.Error:
    same: type[sqlite3.Error] = getattr(sqlite3, type(error).__name__, sqlite3.DatabaseError)
    ours = same(*error.args)
    for name in ("sqlite_errorcode", "sqlite_errorname"):
        if (found := getattr(error, name, None)) is not None:
            setattr(ours, name, found)
    return ours
