"""How much a folder on the host's disk holds, also of what was deleted and is still open. Only counts; never follows.

Hostile code shapes what lies there: folders a thousand deep, closed ones, names of any bytes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MOST_DEPTH = 16
"""Folders in folders; what lies deeper is neither counted nor ever handed over."""
MOST_ENTRIES = 10_000
"""Files and folders in /output."""
_BLOCK_BYTES = 512
_DELETED = b" (deleted)"


class Size(NamedTuple):
    """What is held."""

    held_bytes: int
    entries: int


class Countless(Exception):
    """There is too much to count, or it cannot be looked at: folders that are closed or too deep."""


def measure(folder: str, *, most_bytes: int, most_entries: int) -> Size:
    """Return what lies in a folder.

    Raises:
        Countless: It cannot be counted, or is more than that; the rest was not looked at.
    """
    held_bytes = entries = 0
    closed: list[OSError] = []
    counted: set[int] = set()
    for where, folders, files in os.walk(folder, followlinks=False, onerror=closed.append):
        entries += len(folders) + len(files)
        if entries > most_entries or (folders and where.count("/") - folder.count("/") >= MOST_DEPTH):
            raise Countless
        for name in files:
            with suppress(FileNotFoundError):
                status = os.lstat(f"{where}/{name}")
                if status.st_nlink == 1 or status.st_ino not in counted:
                    held_bytes += status.st_blocks * _BLOCK_BYTES
                if status.st_nlink > 1:
                    counted.add(status.st_ino)
        if held_bytes > most_bytes:
            raise Countless
    if any(not isinstance(error, FileNotFoundError) for error in closed):
        raise Countless
    return Size(held_bytes, entries)


def measure_deleted(folder: str, pids: Iterable[int], *, most_file_bytes: int) -> int:
    """Return how many bytes the processes hold in files of the folder that were deleted.

    Of a file that is only mapped, its size cannot be learned: it counts as one of the greatest size.
    """
    device = os.stat(folder).st_dev  # noqa: PTH116 - in a session's own process, which is to stay small
    opened: dict[int, int] = {}
    mapped: set[int] = set()
    prefix = f"{folder}/".encode()
    for pid in pids:
        for status in _open_files(pid):
            if status.st_dev == device and not status.st_nlink and stat.S_ISREG(status.st_mode):
                opened[status.st_ino] = status.st_blocks * _BLOCK_BYTES
        mapped.update(_deleted_maps(pid, prefix))
    return sum(opened.values()) + len(mapped - opened.keys()) * most_file_bytes


def _open_files(pid: int) -> Iterator[os.stat_result]:
    """Yield what a process has open; a thread may have a table of its own."""
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            folder = f"/proc/{pid}/task/{task}/fd"
            for number in os.listdir(folder):  # noqa: PTH208
                with suppress(OSError):
                    yield os.stat(f"{folder}/{number}")  # noqa: PTH116


def _deleted_maps(pid: int, prefix: bytes) -> Iterator[int]:
    """Yield the inodes of deleted files below a path that a process has mapped."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/maps").read_bytes().splitlines():
            if line.endswith(_DELETED):
                _range, _mode, _offset, _device, inode, path = line.split(maxsplit=5)
                if path.startswith(prefix):
                    yield int(inode)
