"""Snapshots of sessions on the disk: opaque files in the engine's home, one a session. Never unpickled here.

A file is one line of JSON about the snapshot, then the bytes that only a guest reads. While a session may have bound
what its snapshot does not hold, an empty file stands beside it, so that an engine that comes after knows.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio.to_thread
import structlog
from pydantic import BaseModel
from sanca.python_runtime.files import check_session_id
from sanca.python_runtime.sandbox.ports import Snapshot, Used

log = structlog.get_logger()

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_MEGABYTE = 1 << 20
_HEADER_BYTES = 2 * _MEGABYTE
_NOTHING_USED = Used()


class _Header(BaseModel):
    """The first line of a file."""

    python: str
    kept: tuple[str, ...]
    lost: dict[str, str]
    libraries: bool
    used_seconds: float = 0.0
    used_cpu_seconds: float = 0.0


@dataclass(frozen=True)
class StoredSnapshot:
    """A snapshot as it came from the disk."""

    snapshot: Snapshot
    python: str
    """Of which Python its functions are, as `3.11`; another one cannot read them."""
    used: Used
    """What the session had used of what all its actions may."""

    @property
    def fits(self) -> bool:
        """Whether the guests of this engine can read it."""
        return self.python == _PYTHON


class SnapshotFiles:
    """Keeps the last snapshot of each session; of all together at most `limit_megabytes`, the oldest go first."""

    def __init__(self, folder: Path, *, limit_megabytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_megabytes * _MEGABYTE

    async def put(self, session_id: str, snapshot: Snapshot, used: Used = _NOTHING_USED) -> bool:
        """Keep a snapshot in place of the session's last one; whether it could. If not, the log tells why."""
        try:
            await anyio.to_thread.run_sync(self._write, self._path(session_id), snapshot, used)
        except OSError as error:
            log.warning("snapshot_not_kept", session_id=session_id, reason=str(error))
            return False
        return True

    def expect_newer(self, session_id: str) -> None:
        """Note that an action begins, which may bind what no snapshot holds. Right before it, so it does not wait."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._mark(self._path(session_id)).touch(mode=0o600)
        except OSError as error:
            log.warning("snapshot_not_noted", session_id=session_id, reason=str(error))

    def is_outdated(self, session_id: str) -> bool:
        """Whether an action began after the last snapshot; asked by an engine that has just started."""
        return self._mark(self._path(session_id)).exists()

    async def get(self, session_id: str) -> StoredSnapshot | None:
        """Return the session's last snapshot; None when there is none, or it cannot be read."""
        return await anyio.to_thread.run_sync(self._read, self._path(session_id))

    async def forget(self, session_id: str) -> None:
        """Delete the session's snapshot, if there is one."""
        path = self._path(session_id)
        for one in (path, self._mark(path)):
            await anyio.to_thread.run_sync(partial(one.unlink, missing_ok=True))

    def _path(self, session_id: str) -> Path:
        return self._folder / check_session_id(session_id)

    def _mark(self, path: Path) -> Path:
        return path.with_name(f"{path.name}.newer~")  # no session id has a tilde

    def _write(self, path: Path, snapshot: Snapshot, used: Used) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        header = _Header(
            python=_PYTHON, kept=snapshot.kept, lost=snapshot.lost, libraries=snapshot.libraries,
            used_seconds=used.seconds, used_cpu_seconds=used.cpu_seconds,
        )  # fmt: skip
        new = path.with_name(f"{path.name}.new~")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with new.open("wb") as file:
            file.write(header.model_dump_json().encode() + b"\n")
            file.write(snapshot.data)
        new.replace(path)
        self._mark(path).unlink(missing_ok=True)
        self._keep_quota(path)

    def _keep_quota(self, newest: Path) -> None:
        held = [
            (entry.stat(), entry.path) for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)
        ]
        excess = sum(status.st_size for status, _ in held) - self._limit_bytes
        for status, path in sorted(held, key=lambda one: one[0].st_mtime_ns):
            if excess <= 0 or path == str(newest):
                return
            Path(path).unlink(missing_ok=True)
            excess -= status.st_size
            log.info("snapshot_dropped", session_id=Path(path).name)

    def _read(self, path: Path) -> StoredSnapshot | None:
        try:
            with path.open("rb") as file:
                header = _Header.model_validate_json(file.readline(_HEADER_BYTES))
                data = file.read()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("snapshot_not_read", session_id=path.name, reason=str(error))
            return None
        snapshot = Snapshot(data=data, kept=header.kept, lost=header.lost, libraries=header.libraries)
        used = Used(seconds=header.used_seconds, cpu_seconds=header.used_cpu_seconds)
        return StoredSnapshot(snapshot, header.python, used)
