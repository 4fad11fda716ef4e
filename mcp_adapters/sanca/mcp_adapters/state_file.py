"""A small JSON file of the state folder that several processes change: locked, replaced in one step, 0600."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sanca.core.errors import ConfigurationError


def read_state(path: Path) -> dict[str, Any]:
    """Return the file's object; empty when there is none.

    Raises:
        ConfigurationError: It is there and no JSON object.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(content, dict):
        raise _damaged(path, "it is no JSON object")
    return content


def change_state(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the file's object while nobody else does.

    Raises:
        ConfigurationError: It cannot be read or written.
    """
    try:
        with path.with_suffix(".lock").open("w", encoding="ascii") as lock:
            os.fchmod(lock.fileno(), 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = read_state(path)
            change(content)
            _replace(path, json.dumps(content, ensure_ascii=False, indent=1))
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be written ({error.strerror}).", setting=path.name) from error


def stamp_of(path: Path) -> tuple[int, int]:
    """Return what changes whenever the file does."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # made 0600 by mkstemp
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _damaged(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{str(path)!r} cannot be read ({why}); mend it or move it away.", setting=path.name)
