"""Who the sandbox is: a user namespace whose user 1000 is nobody of weight outside. Decides nothing about files."""

from __future__ import annotations

import os
from collections.abc import Callable

from . import kernel_files, syscalls

INSIDE_ID = 1000
"""User and group of everything that runs in the sandbox."""


def enter_user_namespace(flags: int, outside_id: int) -> None:
    """Unshare a user namespace together with `flags`.

    As root the map has two lines: 0 is root outside (builds the mounts), 1000 is `outside_id` (runs the sessions).
    Otherwise there is one: 1000 is the user who started the engine.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _with_helper(
            lambda: syscalls.unshare(syscalls.CLONE_NEWUSER | flags),
            lambda parent: _write_maps(
                parent, f"0 0 1\n{INSIDE_ID} {outside_id} 1", f"0 0 1\n{INSIDE_ID} {outside_id} 1"
            ),
        )
        return
    syscalls.unshare(syscalls.CLONE_NEWUSER | flags)
    map_one_user(user, group)


def map_one_user(user: int, group: int) -> None:
    """Map the user and group of this process to 1000 in the namespace it just entered."""
    kernel_files.write("/proc/self/setgroups", "deny")
    _write_maps("self", f"{INSIDE_ID} {user} 1", f"{INSIDE_ID} {group} 1")


def become_inside_user() -> None:
    """Give up being root of the namespace. Does nothing when this process is user 1000 already."""
    if os.geteuid() == INSIDE_ID:
        return
    os.setgroups([])
    os.setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID)
    os.setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID)


def _write_maps(process: str, users: str, groups: str) -> None:
    kernel_files.write(f"/proc/{process}/uid_map", users)
    kernel_files.write(f"/proc/{process}/gid_map", groups)


def _with_helper(enter: Callable[[], None], write_maps: Callable[[str], None]) -> None:
    """Run `enter`, then have a helper that stayed outside write the maps: a map of two lines needs rights out there."""
    entered_read, entered_write = os.pipe()
    parent = str(os.getpid())
    helper = os.fork()
    if helper == 0:
        status = 1
        try:
            os.close(entered_write)
            if os.read(entered_read, 1):
                write_maps(parent)
                status = 0
        finally:
            os._exit(status)
    os.close(entered_read)
    try:
        enter()
        os.write(entered_write, b"1")
    finally:
        os.close(entered_write)
        status = os.waitstatus_to_exitcode(os.waitpid(helper, 0)[1])
    if status != 0:
        raise OSError(0, "the user map of the sandbox could not be written")
