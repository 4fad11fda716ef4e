"""A session's /output seen from the host's side: how much it holds, and its deletion. Never follows a link.

Hostile code shapes what lies there: folders a thousand deep, closed ones, names of any bytes. Nothing here recurses.
"""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
from sanca.python_runtime.sandbox.fork_server.folder_size import MOST_ENTRIES, Countless, measure

_MEGABYTE = 1 << 20
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


async def is_over_limit(folder: Path, limit_megabytes: int) -> bool:
    """Whether the folder holds more bytes, more than 10,000 entries, or what cannot be counted: too deep or closed."""
    try:
        await anyio.to_thread.run_sync(
            partial(measure, str(folder), most_bytes=limit_megabytes * _MEGABYTE, most_entries=MOST_ENTRIES)
        )
    except Countless:
        return True
    return False


def remove_tree(folder: Path) -> None:
    """Delete a folder that no guest uses any more, however deep it is: inner folders are first moved to its top."""
    with suppress(FileNotFoundError):
        top = os.open(folder, _OPEN_FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()


def depth_below(folder: Path, where: str) -> int:
    """Return how many folders `where` lies below `folder`."""
    return len(Path(where).relative_to(folder).parts)


def _empty(top: int) -> None:
    while names := os.listdir(top):
        for name in names:
            if not _is_folder(name, top):
                os.unlink(name, dir_fd=top)
                continue
            os.chmod(name, 0o700, dir_fd=top)  # one that its maker closed could neither be read nor moved
            _flatten(top, name)
            os.rmdir(name, dir_fd=top)


def _flatten(top: int, name: str) -> None:
    """Delete the files of a folder in `top` and move its folders up."""
    inner = os.open(name, _OPEN_FOLDER, dir_fd=top)
    try:
        with os.scandir(inner) as entries:
            names = [entry.name for entry in entries]
        for each in names:
            if _is_folder(each, inner):
                os.chmod(each, 0o700, dir_fd=inner)
                os.rename(each, uuid.uuid4().hex, src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(each, dir_fd=inner)
    finally:
        os.close(inner)


def _is_folder(name: str, at: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode)
