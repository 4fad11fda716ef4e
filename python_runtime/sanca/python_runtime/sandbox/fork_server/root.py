"""The file tree an action sees: built once, read-only, shared by all sessions. Each adds its own /tmp and /proc."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TypedDict

from . import syscalls
from .syscalls import MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT

PYTHON_FOLDER = "/opt/python"
PACKAGES_FOLDER = "/opt/sanca"
LIBRARY_FOLDER = "/opt/library"
OUR_PACKAGE = "sanca_sandbox"
"""Under this name the packages `fork_server` and `guest` are found inside."""

_STAGING = "/mnt"
_FOLDERS = ("usr", "etc", "dev", "proc", "tmp", "input", "output", "opt")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_MERGED_INTO_USR = ("lib", "lib32", "lib64", "bin")


class RootPlan(TypedDict):
    """Which folders of the host show where; written by the engine."""

    python_prefix: str
    """Folder of the interpreter; empty when it lies under /usr."""
    sandbox_folder: str
    """Folder that holds `fork_server` and `guest`."""
    msgpack_folder: str
    library_folder: str
    """Folder of libraries for actions; empty: none."""


def build_root(plan: RootPlan) -> None:
    """Build the tree on a small tmpfs, make it this namespace's root, and make it read-only."""
    syscalls.mount("none", "/", None, MS_REC | MS_PRIVATE)
    root = Path(_STAGING)
    syscalls.mount("root", str(root), "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    for name in _FOLDERS:
        (root / name).mkdir()
    _show(Path("/usr"), root / "usr")
    _show_links_to_usr(root)
    _show_packages(root, plan)
    _write_etc(root / "etc")
    _show_devices(root / "dev")
    # A session may mount a fresh /proc only where it can already see a whole one; its own covers this one.
    syscalls.mount("/proc", str(root / "proc"), None, MS_BIND | MS_REC)
    syscalls.mount("tmp", str(root / "tmp"), "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=1777")
    syscalls.pivot_into(root)
    syscalls.mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    syscalls.set_hostname("sandbox")


def _show(source: Path, target: Path) -> None:
    """Bind `source` read-only; through mount_setattr, because a classic remount forgets the mounts below."""
    target.mkdir(parents=True, exist_ok=True)
    attributes = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
    tree = syscalls.clone_tree(str(source), attributes)
    try:
        syscalls.attach_tree(tree, str(target))
    finally:
        os.close(tree)


def _show_links_to_usr(root: Path) -> None:
    for name in _MERGED_INTO_USR:
        original = Path("/") / name
        if original.is_symlink():
            (root / name).symlink_to(f"usr/{name}")
        elif original.is_dir():
            _show(original, root / name)


def _show_packages(root: Path, plan: RootPlan) -> None:
    inside = root / PACKAGES_FOLDER.lstrip("/")
    sandbox = Path(plan["sandbox_folder"])
    for name in ("fork_server", "guest"):
        _show(sandbox / name, inside / OUR_PACKAGE / name)
    _show(Path(plan["msgpack_folder"]), inside / "msgpack")
    if plan["python_prefix"]:
        _show(Path(plan["python_prefix"]), root / PYTHON_FOLDER.lstrip("/"))
    if plan["library_folder"]:
        _show(Path(plan["library_folder"]), root / LIBRARY_FOLDER.lstrip("/"))


def _write_etc(etc: Path) -> None:
    (etc / "passwd").write_text("sandbox:x:1000:1000::/tmp:/bin/false\n", encoding="ascii")
    (etc / "group").write_text("sandbox:x:1000:\n", encoding="ascii")
    for name in ("ld.so.cache", "localtime"):
        original = Path("/etc") / name
        if original.exists():
            shutil.copyfile(original, etc / name)


def _show_devices(folder: Path) -> None:
    for name in _DEVICES:
        (folder / name).touch()
        syscalls.mount(f"/dev/{name}", str(folder / name), None, MS_BIND)
    (folder / "fd").symlink_to("/proc/self/fd")
    (folder / "shm").symlink_to("/tmp")  # noqa: S108 - the sandbox's own, private to a session
