"""Attacks that fill the disk: /output and /tmp, by bytes and by numbers of files, also such as have no name."""

from __future__ import annotations

import os
from pathlib import Path

from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe, told_number

_ON_ITS_WAY_MEGABYTES = 192
"""What may come to /output while it is seen that it is full: what many writers have in their hands at once."""
_MEGABYTE = 1 << 20


def _tmp_bounded(evidence: Evidence) -> str | None:
    most = evidence.limits.tmp_megabytes + 4
    written = told_number(evidence, "wrote")
    return f"it wrote {written} MB to /tmp" if written > most else None


def _output_bounded(evidence: Evidence) -> str | None:
    held = sum(path.lstat().st_blocks * 512 for path in _files(evidence.output_dir)) // _MEGABYTE
    most = evidence.limits.output_folder_megabytes + _ON_ITS_WAY_MEGABYTES
    return f"/output holds {held} MB" if held > most else None


def _deleted_bounded(evidence: Evidence) -> str | None:
    most, written = evidence.limits.output_folder_megabytes + _ON_ITS_WAY_MEGABYTES, told_number(evidence, "wrote")
    return f"it held {written} MB in files without a name" if written > most else None


def _entries_bounded(evidence: Evidence) -> str | None:
    count = sum(1 for _ in _files(evidence.output_dir))
    return f"/output holds {count:,} files" if count > 20_000 else None  # 10,000 may be there


def _files(folder: Path) -> list[Path]:
    return [Path(where) / name for where, _, names in os.walk(folder) for name in names]


def _tmp_files_bounded(evidence: Evidence) -> str | None:
    made = told_number(evidence, "made")
    return f"it made {made:,} files in /tmp" if made > evidence.limits.tmp_files else None


PROBES = (
    Probe(
        "exhaustion.disk",
        "write more to /output than it may hold",
        """
piece = bytes(4 << 20)
for number in range(200):
    with open(f"@OUT@/part{number}", "wb") as file: file.write(piece)
""",
        _output_bounded,
        limit_seconds=8.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.disk-unseen",
        "keep what it deleted, or reserve what it does not write, beyond what /output may hold",
        """
held = []
for number in range(30):
    file = open(f"@OUT@/hidden{number}", "wb"); held.append(file)
    try: os.posix_fallocate(file.fileno(), 0, 30 << 20)
    except OSError as error: print("denied fallocate", error.errno); break
try: os.truncate("@OUT@/hidden0", 1 << 40)
except OSError as error: print("denied truncate", error.errno)
""",
        _output_bounded,
        limit_seconds=6.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.disk-by-many",
        "write more to /output than it may hold, by many long writes at once",
        """
import threading
piece = bytes(16 << 20)
def write(number):
    for part in range(6):
        try: os.write(os.open(f"@OUT@/{os.getpid()}-{number}-{part}", os.O_WRONLY | os.O_CREAT), piece)
        except OSError as error: print("denied", error.errno)
try: all(os.fork() for _ in range(4))
except OSError as error: print("denied fork", error.errno)
writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
for writer in writers: writer.start()
for writer in writers: writer.join()
""",
        _output_bounded,
        limit_seconds=8.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.disk-without-names",
        "hold more of the disk than /output may hold in files that it deleted: open, mapped, or on their way",
        """
import mmap, socket
here, there = socket.socketpair()
held, written, piece = [], 0, bytes(30 << 20)
for number in range(20):
    path = f"@OUT@/nameless{number}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    try: written += os.write(file, piece) >> 20
    except OSError as error: print("denied write", error.errno); break
    print("wrote", written, flush=True)
    try:
        if number % 2: socket.send_fds(here, [b"x"], [file])
        else: held.append(mmap.mmap(file, 4096))
        os.close(file)
    except OSError as error: print("denied hiding", error.errno)
""",
        _deleted_bounded,
        limit_seconds=8.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.tmp",
        "write more to /tmp than it may hold",
        """
written = 0
try:
    for number in range(120):
        with open(f"/tmp/@TAG@-{number}", "wb") as file: written += file.write(bytes(2 << 20)) >> 20
except OSError as error: print("denied", error.errno)
finally:
    print("wrote", written)
    import glob
    for name in glob.glob("/tmp/@TAG@-*"): os.remove(name)
""",
        _tmp_bounded,
        limit_seconds=6.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.inodes-of-tmp",
        "make more files in /tmp than there may be, in C code",
        """
import ctypes
libc, made = ctypes.CDLL(None, use_errno=True), 0
while made < 15_000 and (file := libc.creat(b"/tmp/@TAG@-%d" % made, 0o600)) >= 0: libc.close(file); made += 1
print("made", made, "denied", ctypes.get_errno())
print("made", made)
for number in range(made): os.unlink(f"/tmp/@TAG@-{number}")
""",
        _tmp_files_bounded,
        limit_seconds=6.0,
        lacking="disk_quota",
    ),
    Probe(
        "exhaustion.inodes",
        "make more files than there may be",
        """
for number in range(80_000):
    open(f"@OUT@/n{number}", "w").close()
""",
        _entries_bounded,
        limit_seconds=6.0,
        lacking="disk_quota",
    ),
)
