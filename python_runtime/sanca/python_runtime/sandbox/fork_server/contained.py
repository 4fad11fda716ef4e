"""Pid 1 of a container that holds one session: carries its messages over stdio, and forks its first process.

Started by a container's runtime (`sandbox/container`); `argv` is the session's limits and what to preload, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import NoReturn

from ..guest import frames
from . import preload, syscalls
from .container_walls import ContainerWalls
from .first_process import run_first_process
from .hardening import Limits
from .pump import Pump


def main() -> NoReturn:
    """Entry point. Ends, and the container with it, when the engine closes stdin."""
    config = json.loads(sys.argv[1])
    sys.argv[:] = [""]
    syscalls.set_dumpable(False)  # the guest has the same user
    incoming, outgoing = _take_stdio()
    os.environ.pop("LD_LIBRARY_PATH", None)
    preload.preload(config["preload"], config["libraries"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control, inner_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    tools, inner_tools = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        for end in (control, tools):
            end.close()
        os.close(incoming)
        os.close(outgoing)
        _run_first_process(inner_control, inner_tools, config["limits"])
    inner_control.close()
    inner_tools.close()
    syscalls.clear_capabilities()
    Pump(incoming, outgoing, control, tools).run()
    os._exit(0)


def _run_first_process(control: socket.socket, tools: socket.socket, limits: Limits) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        walls = ContainerWalls()
        walls.begin(limits)
        frames.send(control, frames.pack({"error": ""}))
        run_first_process(control, tools, limits, walls)
    except BaseException as error:  # the process ends here; its last words go to the runtime's standard error
        os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(1)


def _take_stdio() -> tuple[int, int]:
    """Move the engine's pipes away from where anything could print to them."""
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return incoming, outgoing
