"""First stage of the fork server: enters its namespaces, builds the root, and execs the second stage inside it.

Started by the engine with an empty environment. Speaks one SEQPACKET channel: reads the plan, answers nothing but an
error; the second stage (`serve.py`) inherits the channel and answers `ready`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import NoReturn, TypedDict, cast

from . import identity, root, syscalls
from .hardening import make_stacks_small
from .keeper import start_keeper
from .mounter import serve_mounts
from .root import RootPlan

_PLAN_BYTES = 65536
_SECOND_STAGE = (
    f"import sys; sys.path.append({root.PACKAGES_FOLDER!r});"
    f" from {root.OUR_PACKAGE}.fork_server import serve; serve.main()"
)


class ServerPlan(TypedDict):
    """What the first stage is told."""

    root: RootPlan
    outside_id: int
    control_groups: bool
    python: str
    """The interpreter's path inside the new root."""
    environment: dict[str, str]


def main() -> NoReturn:
    """Entry point; `argv` is the numbers of the two channels' descriptors."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    mounts = socket.socket(fileno=int(sys.argv[2]))
    plan = cast("ServerPlan", json.loads(channel.recv(_PLAN_BYTES)))
    step = "user namespace"
    try:
        keeper = start_keeper(channel, mounts) if plan["control_groups"] else ()
        identity.enter_user_namespace(
            syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS,
            plan["outside_id"],
        )
        step = "mounts"
        # Slave, not private: what the host mounts later (a stick, a data disk) can still be shown.
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SLAVE)
        _fork_mounter(mounts, channel)
        syscalls.unshare(syscalls.CLONE_NEWNS)
        root.build_root(plan["root"])
        step = "second stage"
        identity.become_inside_user()
        os.set_inheritable(channel.fileno(), True)
        handed_on = ",".join(map(str, (channel.fileno(), *keeper)))
        arguments = [plan["python"], "-S", "-s", "-P", "-B", "-c", _SECOND_STAGE, handed_on]
        make_stacks_small()
        os.execve(plan["python"], arguments, plan["environment"])  # noqa: S606 - no shell is the point
    except OSError as error:
        channel.send(json.dumps({"error": str(error.strerror or error), "errno": error.errno, "step": step}).encode())
    os._exit(1)


def _fork_mounter(mounts: socket.socket, channel: socket.socket) -> None:
    mounter = os.fork()
    if mounter == 0:
        try:
            channel.close()
            serve_mounts(mounts)
        finally:
            os._exit(0)
    pidfd = os.pidfd_open(mounter)
    socket.send_fds(mounts, [b"{}"], [pidfd])  # so that the engine can wait for its end
    os.close(pidfd)
    mounts.close()
