"""Second stage of the fork server: loads common modules once, then only forks sessions. Reads no guest's bytes."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import NoReturn, TypedDict, cast

from ..guest import frames
from . import preload, syscalls
from .first_process import run_first_process
from .guest_process import make_worker_ahead
from .hardening import Limits, call_filter, make_main_stack_large
from .keeper import KeeperClient
from .landlock_walls import LandlockWalls
from .walls import NamespaceWalls, Walls

_MESSAGE_BYTES = 65536


class ServeConfig(TypedDict):
    """What the second stage is told."""

    preload: list[str]
    libraries: list[str]
    """As `preload.preload` takes them."""
    landlock: int
    """Its version where sessions have Landlock instead of namespaces; 0 where they have namespaces."""


def main() -> NoReturn:
    """Entry point; `argv` is the numbers of descriptors: the channel, and what `start_keeper` returned."""
    number, *keepers = map(int, sys.argv[1].split(","))
    channel = socket.socket(fileno=number)
    channel.set_inheritable(False)
    make_main_stack_large()
    config = cast("ServeConfig", json.loads(channel.recv(_MESSAGE_BYTES)))
    keeper = KeeperClient(keepers)
    walls: Walls = LandlockWalls(config["landlock"]) if config["landlock"] else NamespaceWalls()
    try:
        walls.prepare_server()
        # Only the start of the interpreter needed it.
        os.environ.pop("LD_LIBRARY_PATH", None)
        preload.preload(config["preload"], config["libraries"])
    except (ImportError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        channel.send(json.dumps({"error": reason, "errno": 0, "step": "preload"}).encode())
        os._exit(1)
    sys.argv[:] = [""]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    syscalls.set_dumpable(False)
    call_filter()
    make_worker_ahead()
    gc.collect()
    gc.freeze()
    gc.disable()  # the guest turns it on again; a collection would touch, and so copy, every page
    answer = {"ready": True, "python": sys.version.split()[0], "groups": keeper.controllers}
    socket.send_fds(channel, [json.dumps(answer).encode()], keeper.pidfds)
    for pidfd in keeper.pidfds:
        os.close(pidfd)
    _serve(channel, walls, keeper)
    os._exit(0)


def _serve(channel: socket.socket, walls: Walls, keeper: KeeperClient) -> None:
    """Fork a session for each request: its limits and two descriptors in (control, tools), its pidfd out."""
    while True:
        request, descriptors, _flags, _address = socket.recv_fds(channel, _MESSAGE_BYTES, 2)
        if not request:
            return
        limits = cast("Limits", {**json.loads(request), "has_kernels_share": False})
        try:
            pid, pidfd = syscalls.clone(walls.namespaces)
        except OSError as error:
            pid, pidfd = -1, -1
            channel.send(json.dumps({"error": str(error.strerror or error)}).encode())
        if pid == 0:
            channel.close()
            _run_session(descriptors, limits, walls, keeper)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            socket.send_fds(channel, [json.dumps({"pid": pid}).encode()], [pidfd])
            os.close(pidfd)


def _run_session(descriptors: list[int], limits: Limits, walls: Walls, keeper: KeeperClient) -> NoReturn:
    try:
        syscalls.die_with_parent()
        syscalls.reset_signal(signal.SIGCHLD)
        control, tools = (syscalls.local_socket(descriptor) for descriptor in descriptors)
        try:
            walls.begin(limits)
        except OSError as error:
            refusal = {"error": str(error.strerror or error), "errno": error.errno, "step": "session"}
            frames.send(control, frames.pack(refusal))
            os._exit(1)
        frames.send(control, frames.pack({"error": ""}))
        run_first_process(control, tools, limits, walls, keeper)
    finally:
        os._exit(1)
