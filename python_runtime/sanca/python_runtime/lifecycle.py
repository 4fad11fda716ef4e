"""The engine's marks in the state folder: the lock that lets only one live there, and where it serves.

Standard library only: `serve` needs it before anything else is loaded.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sanca.core.errors import ConfigurationError


class EngineLockedError(ConfigurationError):
    """Another engine lives in the state folder."""


class EngineLock:
    """Holds `engine.lock`. The system lets go of it when the process ends, however it ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / "engine.lock"
        self._file: IO[str] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds it."""
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            EngineLockedError: Another engine has it.
        """
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            who = f" (process {holder})" if holder else ""
            raise EngineLockedError(
                f"Another engine{who} already serves the state folder {str(self._path.parent)!r}; "
                "use that one, stop it, or set SANCA_HOME to another folder.",
                setting="SANCA_HOME",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()


def forbid_core_dumps() -> None:
    """Keep keys and tokens out of core files, of this process and all it starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def new_token() -> str:
    """Return a token that nobody can guess; made anew at each start."""
    return secrets.token_urlsafe(32)


class EngineCard:
    """`engine.json`: where this engine serves, and the token; readable by its owner only."""

    def __init__(self, home: Path, version: str) -> None:
        self._path = home / "engine.json"
        self._version = version
        self._started_at = datetime.now(UTC).isoformat(timespec="milliseconds")

    def write(self, address: str, token: str, **doors: str) -> None:
        """Say that the engine serves; `http` and `a2aGrpc` are where its doors are, once they are open."""
        content = {
            "address": address,
            "token": token,
            "pid": os.getpid(),
            "startedAt": self._started_at,
            "version": self._version,
            **doors,
        }
        draft = self._path.with_suffix(".json.new")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
        draft.replace(self._path)

    def remove(self) -> None:
        """Say that it serves no more; another engine's card is left alone."""
        with suppress(OSError, ValueError):
            if json.loads(self._path.read_text(encoding="utf-8")).get("pid") == os.getpid():
                self._path.unlink()
