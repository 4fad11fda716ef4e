"""Snapshots on the disk: private, the newest wins, bounded, unreadable ones are as none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.sandbox.ports import Snapshot
from sanca.python_runtime.snapshots import SnapshotFiles

pytestmark = pytest.mark.anyio

SNAPSHOT = Snapshot(data=b"\x80\x05\n\n\xff", kept=("a", "名"), lost={"f": "it is an open file."}, libraries=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_is_put_comes_back(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path / "snapshots", limit_megabytes=1)
    await files.put("ses_a", SNAPSHOT)
    stored = await files.get("ses_a")
    assert stored is not None
    assert (stored.snapshot, stored.fits) == (SNAPSHOT, True)
    assert await files.get("ses_b") is None
    assert stat.S_IMODE((tmp_path / "snapshots" / "ses_a").stat().st_mode) == 0o600


async def test_snapshot_of_another_python_does_not_fit(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, limit_megabytes=1)
    await files.put("ses_a", SNAPSHOT)
    header, _, data = (tmp_path / "ses_a").read_bytes().partition(b"\n")
    (tmp_path / "ses_a").write_bytes(header.replace(b'"3.', b'"2.') + b"\n" + data)
    stored = await files.get("ses_a")
    assert stored is not None
    assert not stored.fits


@pytest.mark.parametrize("content", [b"", b"{", b"[]\n", b'{"kept": 3}\n', b"\xff\n"])
async def test_file_that_cannot_be_read_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ses_a").write_bytes(content)
    assert await SnapshotFiles(tmp_path, limit_megabytes=1).get("ses_a") is None


async def test_the_oldest_go_when_all_together_are_too_much(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, limit_megabytes=1)
    for number in range(4):
        await files.put(f"ses_{number}", Snapshot(data=bytes(400_000)))
        os.utime(tmp_path / f"ses_{number}", (number, number))
    await files.put("ses_0", Snapshot(data=bytes(400_000)))
    assert names_in(tmp_path) == ["ses_0", "ses_3"]


async def test_the_newest_stays_even_when_it_is_too_much_alone(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path, limit_megabytes=1)
    await files.put("ses_a", Snapshot(data=bytes(100)))
    await files.put("ses_b", Snapshot(data=bytes(2_000_000)))
    assert names_in(tmp_path) == ["ses_b"]


@pytest.mark.parametrize("session_id", ["../up", "a/b", "", "~"])
async def test_session_id_that_is_no_name_of_a_file_is_refused(tmp_path: Path, session_id: str) -> None:
    with pytest.raises(BadRequestError):
        await SnapshotFiles(tmp_path, limit_megabytes=1).put(session_id, SNAPSHOT)


async def test_folder_that_cannot_be_written_loses_the_snapshot_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    await SnapshotFiles(tmp_path / "file", limit_megabytes=1).put("ses_a", SNAPSHOT)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
