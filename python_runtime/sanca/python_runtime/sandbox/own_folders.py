"""Folders that sessions have on the host where the kernel gives them none. Those of engines that died go first."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sanca.python_runtime.sandbox.output_folder import remove_tree
from sanca.python_runtime.sandbox.outside_user import outside_user

_SESSION, _CONTAINERS = "sanca-sandbox", "sanca-container"


def make_session_folder(outside_id: int | None) -> Path:
    """Make a folder that only the sandbox's user can read; None: it stays the engine's own."""
    folder = _make(_SESSION)
    if outside_id is not None and (user := outside_user(outside_id)) is not None:
        os.chown(folder, user, user)
    return folder


def make_container_folder() -> Path:
    """Make the folder that holds the bundles and the empty root of one engine's containers."""
    folder = _make(_CONTAINERS)
    folder.chmod(0o711)
    return folder


def remove_left_overs(outside_id: int) -> None:
    """Delete the folders of engines that do not live any more, if they are ours to delete."""
    owners = {os.geteuid(), outside_user(outside_id)}
    for name in (_SESSION, _CONTAINERS):
        for folder in Path(tempfile.gettempdir()).glob(f"{name}-*-*"):
            engine = folder.name.removeprefix(f"{name}-").partition("-")[0]
            if engine.isdigit() and not Path(f"/proc/{engine}").exists() and _is_owned(folder, owners):
                _remove(folder, name)


def _make(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-"))


def _is_owned(folder: Path, owners: set[int | None]) -> bool:
    try:
        return folder.is_dir() and not folder.is_symlink() and folder.lstat().st_uid in owners
    except OSError:
        return False  # another engine has just removed it


def _remove(folder: Path, name: str) -> None:
    if name == _SESSION:
        remove_tree(folder)  # hostile code shaped what lies there
    else:
        shutil.rmtree(folder, ignore_errors=True)
