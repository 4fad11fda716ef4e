"""Attacks through files: links, devices, mounts, what is shared read-only, and what the engine later takes over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import anyio
from sanca.core.messages import Caller
from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe, all_of, nothing_done

_SESSION = "isolation"


class _NoStore:
    """Takes the records of files and keeps none."""

    async def add_file(self, tenant: str, user: str, info: dict[str, object]) -> None:
        """Do nothing."""


def _engine_takes_nothing_foreign(evidence: Evidence) -> str | None:
    """Take the files over as the engine does, and look whether something of the host came along."""
    from sanca.python_runtime.files import SessionFiles

    folder = evidence.outside.folder / "sessions"
    (folder / _SESSION / "files").mkdir(parents=True, exist_ok=True)
    output = folder / _SESSION / "output"
    output.unlink(missing_ok=True)
    output.symlink_to(evidence.output_dir)
    files = SessionFiles(folder, _NoStore(), limit_bytes=1 << 20)  # type: ignore[arg-type]  # only `add_file` is asked

    async def collect() -> int:
        with anyio.move_on_after(10) as scope:
            await files.collect(Caller(), _SESSION)
        return scope.cancelled_caught

    if anyio.run(collect):
        return "the engine hangs when it takes the files over"
    kept = b"".join(path.read_bytes() for path in (folder / _SESSION / "files").iterdir())
    return "the engine took over a file of the host" if evidence.outside.secret.encode() in kept else None


def _no_device(evidence: Evidence) -> str | None:
    for path in _entries(evidence.output_dir):
        mode = path.lstat().st_mode
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            return f"a device came into being: {path.name}"
    return None


def _no_power_in_files(evidence: Evidence) -> str | None:
    for path in _entries(evidence.output_dir):
        info = path.lstat()
        if info.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(info.st_mode) and info.st_uid == 0:
            return f"a program that gives root's rights came into being: {path.name}"
    return None


def _can_be_deleted(evidence: Evidence) -> str | None:
    from sanca.python_runtime.sandbox.output_folder import remove_tree

    try:
        remove_tree(evidence.output_dir)
    except OSError as error:
        return f"the engine cannot delete what it left: {error.strerror}"
    evidence.output_dir.mkdir()
    return None


def _entries(folder: Path) -> list[Path]:
    return [Path(where) / name for where, folders, names in os.walk(folder) for name in (*folders, *names)]


PROBES = (
    Probe(
        "files.links",
        "have the engine read a file of the host through a link in /output",
        """
links = {"a.txt": "@PRIVATE@", "b.txt": "@PUBLIC@", "c.txt": "/proc/self/environ", "d.txt": "/proc/1/environ",
         "folder": "/", "e.txt": "../../private/gateway.json"}
for name, target in links.items():
    os.symlink(target, f"@OUT@/{name}")
for target in ("@PRIVATE@", "@PUBLIC@"):
    try: os.link(target, "@OUT@/hard.txt"); print("DONE link")
    except OSError as error: print("denied link", error.errno)
""",
        all_of(nothing_done, _engine_takes_nothing_foreign),
    ),
    Probe(
        "files.swapped",
        "have the engine read a file of the host by swapping files for links while it looks",
        """
import threading, time
def swap():
    for number in range(4000):
        try:
            open("@OUT@/x.txt", "w").close(); os.rename("@OUT@/x.txt", "@OUT@/y.txt")
            os.symlink("@PRIVATE@", "@OUT@/x.txt"); os.rename("@OUT@/x.txt", "@OUT@/y.txt")
        except OSError: pass
threading.Thread(target=swap, daemon=True).start()
time.sleep(0.4)
""",
        _engine_takes_nothing_foreign,
        bare="differs",
    ),
    Probe(
        "files.pipes",
        "hang the engine with a pipe or socket in /output",
        """
tried("pipe", lambda: os.mkfifo("@OUT@/pipe.txt"))
import socket
tried("socket", lambda: socket.socket(socket.AF_UNIX).bind("@OUT@/socket.txt"))
""",
        _engine_takes_nothing_foreign,
        bare="differs",
    ),
    Probe(
        "files.devices",
        "make a device",
        """
for name, mode, number in (("disk", 0o60660, os.makedev(8, 0)), ("memory", 0o20666, os.makedev(1, 1))):
    tried(name, lambda: os.mknod(f"@OUT@/{name}", mode, number))
    tried(f"{name} in /tmp", lambda: os.unlink(os.mknod("/tmp/@TAG@-" + name, mode, number) or "/tmp/@TAG@-" + name))
tried("raw", lambda: kernel("mknodat", -100, b"@OUT@/raw", 0o60660, 2048))
""",
        all_of(nothing_done, _no_device),
        bare="as root",
    ),
    Probe(
        "files.powers",
        "leave a program that gives its user's rights to others",
        """
with open("@OUT@/shell", "wb") as file: file.write(b"#!/bin/sh\\n")
for act in (lambda: os.chown("@OUT@/shell", 0, 0), lambda: os.chmod("@OUT@/shell", 0o6755),
            lambda: os.setxattr("@OUT@/shell", "security.capability", b"\\1\\0\\0\\2" + b"\\xff" * 16)):
    try: act()
    except OSError as error: print("denied", error.errno)
""",
        _no_power_in_files,
        bare="as root",
    ),
    Probe(
        "files.host-files",
        "change a file of the host",
        """
for path in ("@PUBLIC@", "/proc/1/root@PUBLIC@", "@OUT@/../../..@PUBLIC@"):
    tried(path, lambda: open(path, "w").write("changed"))
tried("mark", lambda: open("@MARK@", "w"))
tried("delete", lambda: os.unlink("@PUBLIC@"))
""",
        nothing_done,
    ),
    Probe(
        "files.shared-code",
        "change the interpreter, the libraries or the sandbox's own code that all sessions share",
        """
import json, msgpack
places = [os.__file__, json.__file__, msgpack.__file__, sys.executable or "/usr/bin/python3"]
places += [getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if "sandbox" in name]
for path in [place for place in places if place][:12]:
    if sys.stdin is None or os.path.exists("/opt/sanca") or "sanca_sandbox" in "".join(sys.modules):
        tried(path, lambda: os.close(os.open(path, os.O_WRONLY)))
        tried(f"beside {path}", lambda: open(os.path.join(os.path.dirname(path), "@TAG@.py"), "w"))
        tried(f"mode {path}", lambda: os.chmod(path, 0o666))
""",
        nothing_done,
        bare="differs",
    ),
    Probe(
        "files.settings-of-the-kernel",
        "write to settings of the kernel",
        """
def write(path, text):
    number = os.open(path, os.O_RDWR if text is None else os.O_WRONLY)
    return os.write(number, os.read(number, 4096) if text is None else text)
settings = {"/proc/sys/kernel/core_pattern": None, "/proc/sys/kernel/hostname": None, "/proc/sys/vm/drop_caches": b"1",
            "/proc/self/uid_map": b"0 0 1", "/proc/self/setgroups": b"allow",
            "/proc/self/timens_offsets": b"monotonic 0 0", "/proc/self/oom_adj": b"-17",
            "/proc/self/attr/current": b"unconfined", "/proc/self/sessionid": b"1", "/sys/kernel/uevent_helper": None,
            "/sys/fs/cgroup/pids/cgroup.procs": str(os.getpid()).encode()}
for path, text in settings.items():
    tried(path, lambda: write(path, text))
tried("sysrq", lambda: os.open("/proc/sysrq-trigger", os.O_WRONLY))
""",
        nothing_done,
        bare="as root",
    ),
    Probe(
        "files.climbing",
        "climb out of its root by an open folder, a handle or a change of root",
        """
import ctypes
top = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
def climb():
    os.mkdir("/tmp/@TAG@"); kernel("chroot", b"/tmp/@TAG@"); os.fchdir(top)
    for _ in range(30): os.chdir("..")
    return open("." + "@PRIVATE@").read()
tried("chroot", climb)
handle = (ctypes.c_uint * 34)(128)
number = ctypes.c_int()
def name(): return kernel("name_to_handle_at", -100, b"/", ctypes.byref(handle), ctypes.byref(number), 0)
tried("name_to_handle_at", name)
root = (ctypes.c_uint * 4)(8, 1, 2, 0)
tried("open_by_handle_at", lambda: kernel("open_by_handle_at", top, ctypes.byref(root), 0))
""",
        nothing_done,
        bare="as root",
    ),
    Probe(
        "files.depth-and-names",
        "leave files that cannot be counted or deleted",
        """
os.chdir("@OUT@")
for number in range(400):
    try: os.mkdir("d" * 100); os.chdir("d" * 100)
    except OSError as error: print("denied", number, error.errno); break
os.chdir("@OUT@")
for name in (b"\\xff\\xfe", b"a\\nb", b"-rf", b" ", b"x" * 255, "\\u202egpj.exe".encode()):
    open(name, "w").close()
os.mkdir("closed"); open("closed/inner", "w").close(); os.chmod("closed", 0)
""",
        _can_be_deleted,
        bare="differs",
    ),
    Probe(
        "files.given-folder",
        "change what it was given to read",
        """
tried("write", lambda: open("/input/@TAG@", "w"))
tried("delete", lambda: os.rmdir("/input"))
tried("cover", lambda: os.rename("/output", "/input"))
""",
        nothing_done,
        bare="differs",
    ),
)
