"""A service's data folder: real files under a quota, and maintenance that locks the tables while it works."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger("storage")

JOURNAL_BYTES = 1_000_000
LOCK_WAIT_SECONDS = 30.0


class Storage:
    """Keeps a journal of what the service did. The quota counts every file in the folder, whoever wrote it."""

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder, self.quota_bytes = folder, quota_bytes
        self.task: str | None = None
        self._journal = folder / "journal"
        self._journal.mkdir(parents=True, exist_ok=True)
        self._unlocked = threading.Event()
        self._unlocked.set()
        self._lock = threading.Lock()
        self._measured = (0.0, 0)

    def used_bytes(self) -> int:
        """Return the size of all files, measured at most once a second."""
        at, size = self._measured
        if time.monotonic() - at > 1.0:
            size = sum(_size(Path(root) / name) for root, _, names in os.walk(self.folder) for name in names)
            self._measured = (time.monotonic(), size)
        return size

    def append(self, name: str, entry: dict[str, object]) -> None:
        """Write one entry to the journal `name`; the older half is dropped when it has grown long."""
        line = json.dumps(entry | {"at": datetime.now(UTC).isoformat()}) + "\n"
        self.ensure_space(len(line))
        path = self._journal / f"{name}.jsonl"
        with self._lock:
            if _size(path) > JOURNAL_BYTES:
                path.replace(path.with_suffix(".1.jsonl"))
            with path.open("a", encoding="utf-8") as file:
                file.write(line)

    def ensure_space(self, wanted_bytes: int) -> None:
        """Raise an `OSError` (no space left) when `wanted_bytes` more would not fit."""
        used = self.used_bytes()
        if used + wanted_bytes > self.quota_bytes:
            message = f"{os.strerror(errno.ENOSPC)}: {used} of {self.quota_bytes} bytes of the data folder are used"
            raise OSError(errno.ENOSPC, message, str(self.folder))

    @contextmanager
    def tables(self) -> Iterator[None]:
        """Wait until no maintenance holds the tables, then go on."""
        before = time.monotonic()
        if not self._unlocked.wait(LOCK_WAIT_SECONDS):
            raise TimeoutError(f"the tables stayed locked by {self.task} for {LOCK_WAIT_SECONDS:.0f} s")
        waited = (time.monotonic() - before) * 1000
        if waited > 500:
            log.warning("waited %d ms for the table lock held by %s", waited, self.task)
        yield

    def start_maintenance(self, task: str, hold_ms: int, segments: int) -> None:
        """Run `task` over all segments in the background; each segment locks the tables for `hold_ms`."""
        if self.task is not None:
            raise ValueError(f"{self.task} is running already")
        self.task = task
        threading.Thread(target=self._maintain, args=(task, hold_ms, segments), name=task, daemon=True).start()

    def _maintain(self, task: str, hold_ms: int, segments: int) -> None:
        for segment in range(1, segments + 1):
            self._unlocked.clear()
            time.sleep(hold_ms / 1000)
            self._unlocked.set()
            log.info("%s: segment %d of %d rewritten, tables were locked for %d ms", task, segment, segments, hold_ms)
            time.sleep(0.1)
        self.task = None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
