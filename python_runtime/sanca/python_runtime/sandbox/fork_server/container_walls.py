"""The walls of a session that has a container for itself, as its processes see them: most were there before them."""

from __future__ import annotations

import os
from contextlib import suppress

from . import preload, syscalls
from .hardening import Limits, close_kernel, limit_resources
from .landlock_filter import build_childless_filter
from .walls import NamespaceWalls


class ContainerWalls(NamespaceWalls):
    """See `Walls`. The container gives files, network and pids; the guest has no child processes and one user."""

    namespaces = 0

    def begin(self, limits: Limits) -> None:
        """Hide the first process from the guest, which has the same user."""
        syscalls.set_dumpable(False)
        preload.show_font_lists()

    def enter(self, limits: Limits) -> None:
        """Harden; see `Walls.enter`."""
        _cover({1, os.getppid()})
        syscalls.clear_capabilities()
        limit_resources(limits)
        syscalls.forbid_new_privileges()
        syscalls.install_filter(*build_childless_filter(syscalls.machine().name, os.getpid()))
        close_kernel()


def _cover(pids: set[int]) -> None:
    """Lay an empty folder that nobody may open over what /proc tells of our own processes.

    gVisor shows their environment, maps and descriptors to everybody, dumpable or not, and lets us mount. The kernel
    shows them to nobody who is not dumpable, and docker and podman give us no right to mount, nor do we need it there.
    """
    unseen = syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    for pid in sorted(pids):
        with suppress(PermissionError):  # refused the mount, or covered already by an earlier guest
            os.scandir(f"/proc/{pid}").close()
            syscalls.mount("covered", f"/proc/{pid}", "tmpfs", unseen, "size=4k,mode=0")
