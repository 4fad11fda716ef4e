"""Folders of a user's own files, skills that were learned and summaries of days: exported and deleted as a whole."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from anyio import to_thread
from sanca.core.errors import StoreError
from sanca.core.memory import Scope


class FolderKeeper:
    """A `Keeper` of one folder a user."""

    def __init__(self, kind: str, folder_of: Callable[[Scope], Path]) -> None:
        """Take what its files are called in an export, and where a user's lie."""
        self._kind = kind
        self._folder_of = folder_of

    async def export(self, scope: Scope, session_ids: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Yield each file with its text."""
        for name, text in await to_thread.run_sync(self._read, self._folder_of(scope)):
            yield {"kind": self._kind, "name": name, "text": text}

    async def forget(self, scope: Scope, session_ids: Sequence[str]) -> int:
        """Delete the folder; return how many files it had.

        Raises:
            StoreError: It cannot be deleted.
        """
        return await to_thread.run_sync(self._delete, self._folder_of(scope))

    def _read(self, folder: Path) -> list[tuple[str, str]]:
        return [
            (str(path.relative_to(folder)), path.read_text(encoding="utf-8", errors="replace"))
            for path in _files(folder)
        ]

    def _delete(self, folder: Path) -> int:
        count = len(_files(folder))
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise StoreError(f"The folder {folder.name!r} of the user cannot be deleted ({error.strerror}).") from error
        return count


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
