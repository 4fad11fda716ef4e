"""First stage of the fork server where there are no namespaces: becomes another user if it may, execs the second stage.

Started by the engine with an empty environment. Speaks one SEQPACKET channel: reads the plan, answers nothing but an
error; the second stage (`serve.py`) inherits the channel and answers `ready`.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from typing import NoReturn, TypedDict, cast

from . import landlock, syscalls
from .by_descriptor import LIBRARY, MOST, MSGPACK, PYTHON, SANDBOX, SERVER_TMP, path_of
from .hardening import make_stacks_small
from .keeper import start_keeper

_PLAN_BYTES = 65536
_SECOND_STAGE = """
import importlib.util, sys, types
sandbox, msgpack, library = sys.argv[2:]
package = sys.modules["sanca_sandbox"] = types.ModuleType("sanca_sandbox")
package.__path__ = [sandbox]
spec = importlib.util.spec_from_file_location("msgpack", f"{msgpack}/__init__.py", submodule_search_locations=[msgpack])
sys.modules["msgpack"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["msgpack"])
from sanca_sandbox.fork_server import root
root.LIBRARY_FOLDER = library
from sanca_sandbox.fork_server import serve
serve.main()
"""


class LandlockPlan(TypedDict):
    """What the first stage is told. Folders are the host's; empty: none."""

    python_prefix: str
    sandbox_folder: str
    msgpack_folder: str
    library_folder: str
    tmp_folder: str
    """The fork server's own /tmp."""
    outside_id: int | None
    """The user and group to become; None: none."""
    control_groups: bool
    python: str
    """The interpreter's path; in the prefix, if there is one, else absolute."""
    environment: dict[str, str]


def main() -> NoReturn:
    """Entry point; `argv` is the numbers of the two channels' descriptors, of which the second is not needed."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    os.close(int(sys.argv[2]))
    plan = cast("LandlockPlan", json.loads(channel.recv(_PLAN_BYTES)))
    step = "landlock"
    try:
        if (known := landlock.version()) < landlock.LEAST_VERSION:
            raise OSError(
                0, f"Landlock version {landlock.LEAST_VERSION} is needed and this kernel has {known or 'none'}"
            )
        keeper = start_keeper(channel) if plan["control_groups"] else ()
        step = "folders"
        _open_folders(plan)
        step = "user"
        _become_another_user(plan["outside_id"])
        step = "second stage"
        os.set_inheritable(channel.fileno(), True)
        python = f"{path_of(PYTHON)}/{plan['python']}" if plan["python_prefix"] else plan["python"]
        shown = [path_of(SANDBOX), path_of(MSGPACK), path_of(LIBRARY)]
        handed_on = ",".join(map(str, (channel.fileno(), *keeper)))
        arguments = [python, "-S", "-s", "-P", "-B", "-c", _SECOND_STAGE, handed_on, *shown]
        make_stacks_small()
        os.execve(python, arguments, plan["environment"])  # noqa: S606 - no shell is the point
    except OSError as error:
        channel.send(json.dumps({"error": str(error.strerror or error), "errno": error.errno, "step": step}).encode())
    os._exit(1)


def _open_folders(plan: LandlockPlan) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most != resource.RLIM_INFINITY and most < MOST:
        raise OSError(0, f"the hard limit of open files is {most}, and must be {MOST} or more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, most))
    for number, folder in (
        (PYTHON, plan["python_prefix"]),
        (SANDBOX, plan["sandbox_folder"]),
        (MSGPACK, plan["msgpack_folder"]),
        (LIBRARY, plan["library_folder"]),
        (SERVER_TMP, plan["tmp_folder"]),
    ):
        if folder:
            opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
            os.dup2(opened, number)
            os.close(opened)


def _become_another_user(outside_id: int | None) -> None:
    if outside_id is None:
        return
    syscalls.drop_capabilities_of_programs()
    os.setgroups([])
    os.setresgid(outside_id, outside_id, outside_id)
    os.setresuid(outside_id, outside_id, outside_id)
