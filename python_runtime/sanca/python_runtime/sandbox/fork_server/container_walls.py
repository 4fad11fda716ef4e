"""The walls of a session that has a container for itself, as its processes see them: most were there before them."""

from __future__ import annotations

import os

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
        syscalls.clear_capabilities()
        limit_resources(limits)
        syscalls.forbid_new_privileges()
        syscalls.install_filter(*build_childless_filter(syscalls.machine().name, os.getpid()))
        close_kernel()
