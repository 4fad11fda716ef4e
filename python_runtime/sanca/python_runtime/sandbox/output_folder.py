"""How much a session has written to its /output, counted from the host's side without following links."""

from __future__ import annotations

import os
from pathlib import Path

import anyio

_MEGABYTE = 1 << 20
_MOST_ENTRIES = 10_000


async def is_over_limit(folder: Path | None, limit_megabytes: int) -> bool:
    """Whether the folder holds more bytes, or more than 10,000 entries. False when there is no folder."""
    if folder is None:
        return False
    return await anyio.to_thread.run_sync(_measure_is_over, folder, limit_megabytes * _MEGABYTE)


def _measure_is_over(folder: Path, limit_bytes: int) -> bool:
    held_bytes = entries = 0
    for where, folders, files in os.walk(folder, followlinks=False):
        entries += len(folders) + len(files)
        if entries > _MOST_ENTRIES:
            return True
        for name in files:
            try:
                held_bytes += os.lstat(Path(where) / name).st_blocks * 512
            except FileNotFoundError:
                continue
            if held_bytes > limit_bytes:
                return True
    return False
