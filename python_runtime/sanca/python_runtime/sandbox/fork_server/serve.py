"""Second stage of the fork server: loads common modules once, then only forks sessions. Reads no guest's bytes."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn, TypedDict, cast

from ..guest import frames
from . import identity, syscalls
from .first_process import run_first_process
from .hardening import Limits
from .root import LIBRARY_FOLDER
from .walls import NamespaceWalls

_MESSAGE_BYTES = 65536
_SESSION_NAMESPACES = (
    syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUTS
)


class ServeConfig(TypedDict):
    """What the second stage is told."""

    preload: list[str]
    libraries: list[str]
    """The same from the library folder; what is not there is passed over."""


def main() -> NoReturn:
    """Entry point; `argv` is the number of the channel's descriptor."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    config = cast("ServeConfig", json.loads(channel.recv(_MESSAGE_BYTES)))
    try:
        _preload(config["preload"], config["libraries"])
        _require_one_thread()
    except (ImportError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        channel.send(json.dumps({"error": reason, "errno": 0, "step": "preload"}).encode())
        os._exit(1)
    sys.argv[:] = [""]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    syscalls.set_dumpable(False)
    gc.collect()
    gc.freeze()
    channel.send(json.dumps({"ready": True, "python": sys.version.split()[0]}).encode())
    _serve(channel)
    os._exit(0)


def _preload(modules: list[str], libraries: list[str]) -> None:
    # Only the start of the interpreter needed it.
    os.environ.pop("LD_LIBRARY_PATH", None)
    if Path(LIBRARY_FOLDER).is_dir():
        if not os.access(LIBRARY_FOLDER, os.R_OK | os.X_OK):
            raise OSError(0, "SANCA_SANDBOX_LIBRARY_FOLDER must be readable by others, and is not")
        sys.path.append(LIBRARY_FOLDER)
    for module in modules:
        importlib.import_module(module)
    for module in libraries:
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            importlib.import_module(module)


def _require_one_thread() -> None:
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        # A fork takes one thread along; locks that the others held would hang every session for good.
        raise OSError(0, f"a preloaded module started threads ({threads} run); leave it out of SANCA_SANDBOX_PRELOAD")


def _serve(channel: socket.socket) -> None:
    """Fork a session for each request: its limits and two descriptors in (control, tools), its pidfd out."""
    while True:
        request, descriptors, _flags, _address = socket.recv_fds(channel, _MESSAGE_BYTES, 2)
        if not request:
            return
        try:
            pid, pidfd = syscalls.clone(_SESSION_NAMESPACES)
        except OSError as error:
            pid, pidfd = -1, -1
            channel.send(json.dumps({"error": str(error.strerror or error)}).encode())
        if pid == 0:
            channel.close()
            _run_session(descriptors, cast("Limits", json.loads(request)))
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            socket.send_fds(channel, [json.dumps({"pid": pid}).encode()], [pidfd])
            os.close(pidfd)


def _run_session(descriptors: list[int], limits: Limits) -> NoReturn:
    try:
        syscalls.die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control, tools = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        try:
            _finish_namespaces(limits)
        except OSError as error:
            refusal = {"error": str(error.strerror or error), "errno": error.errno, "step": "session"}
            frames.send(control, frames.pack(refusal))
            os._exit(1)
        frames.send(control, frames.pack({"error": ""}))
        run_first_process(control, tools, limits, NamespaceWalls())
    finally:
        os._exit(1)


def _finish_namespaces(limits: Limits) -> None:
    """Map the user, and mount what every session has for itself."""
    syscalls.set_dumpable(True)
    identity.map_one_user(identity.INSIDE_ID, identity.INSIDE_ID)
    options = f"size={limits['tmp_megabytes']}m,mode=1777,nr_inodes={limits['tmp_files']}"
    syscalls.mount("tmp", "/tmp", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, options)  # noqa: S108 - its own
    syscalls.mount("proc", "/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC, "subset=pid")
    # The guest has the same user: without this it could read the first process through /proc.
    syscalls.set_dumpable(False)
