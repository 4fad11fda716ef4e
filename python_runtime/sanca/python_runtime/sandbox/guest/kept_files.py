"""A session's own files in /tmp, taken out and laid back with its names. Follows no link; runs in the guest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/tmp")  # noqa: S108 - the session's own
_MOST_FILES = 1_000
_LEFT_OUT = frozenset((".matplotlib",))
"""Made anew in every session."""

Kept = list[tuple[str, int, bytes]]
"""(path below the folder, mode, content); a folder's content is nothing, a link's is its target."""


def take_files(limit_bytes: int, folder: Path = FOLDER) -> tuple[Kept, dict[str, str]]:
    """Return the files that fit, in the order of their names, and by path why others do not."""
    kept: Kept = []
    lost: dict[str, str] = {}
    for path, status in _walk(folder):
        shown = str(FOLDER / path.relative_to(folder)).encode("utf-8", "replace").decode()
        if len(kept) >= _MOST_FILES:
            lost[shown] = f"only {_MOST_FILES:,} files are kept."
            break
        content = _content(path, status, limit_bytes)
        if content is None:
            lost[shown] = "it does not fit into what is kept, or is no plain file."
            continue
        limit_bytes -= len(content)
        kept.append((str(path.relative_to(folder)), status.st_mode, content))
    return kept, lost


def lay_back(kept: Kept, folder: Path = FOLDER) -> None:
    """Make the files anew where there is none of the name; what lies there is newer."""
    for name, mode, content in kept:
        path = folder / name
        if os.path.lexists(path):
            continue
        if stat.S_ISDIR(mode):
            path.mkdir()
        elif stat.S_ISLNK(mode):
            path.symlink_to(os.fsdecode(content))
        else:
            path.write_bytes(content)
            path.chmod(stat.S_IMODE(mode) | stat.S_IRUSR)


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every entry below, folders before what is in them."""
    for where, folders, files in os.walk(folder):
        if where == str(folder):
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
        folders.sort()
        for name in (*folders, *sorted(files)):
            path = Path(where, name)
            yield path, path.lstat()


def _content(path: Path, status: os.stat_result, limit_bytes: int) -> bytes | None:
    if stat.S_ISDIR(status.st_mode):
        return b""
    if stat.S_ISLNK(status.st_mode):
        return os.fsencode(path.readlink())
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit_bytes:
        return None
    with path.open("rb") as file:
        return file.read(limit_bytes)
