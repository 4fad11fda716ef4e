"""What encloses a session's processes. The first process asks it what is its own to end; a guest enters it.

`NamespaceWalls` is for a session that is alone in its pid namespace, also in a container. `landlock.py` has the other.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Protocol

from . import identity, preload, syscalls
from .hardening import Limits, harden


class Walls(Protocol):
    """What one level's processes need of it.

    Lifecycle: `prepare_server` once; then in each session `begin`, `attach` before the first round, `enter` in each
    guest, and the rest between rounds.
    """

    namespaces: int
    """Flags for the clone that makes a session."""
    renews_guest: bool
    """Whether only guests that begin after `attach` see what was attached."""

    def prepare_server(self) -> None:
        """In the fork server, before it loads anything."""

    def begin(self, limits: Limits) -> None:
        """In the first process of a session: make what the session has for itself."""

    def attach(self, path: str, descriptor: int) -> None:
        """Show what the descriptor holds at `path`. The descriptor is closed by the caller."""

    def enter(self, limits: Limits) -> None:
        """In the guest: give up everything an action does not need. There is no way back."""

    def others(self, guest: int) -> list[int]:
        """Return the living processes of the session that are neither the guest nor trusted."""

    def end_others(self) -> None:
        """Kill and reap every process of the session but the trusted ones."""

    def leave(self, guest: int) -> None:
        """The session ends: see that nothing of it lives on."""


class NamespaceWalls:
    """See `Walls`. Every process of this pid namespace belongs to the session."""

    namespaces = (
        syscalls.CLONE_NEWUSER
        | syscalls.CLONE_NEWPID
        | syscalls.CLONE_NEWNS
        | syscalls.CLONE_NEWNET
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWUTS
    )
    renews_guest = False

    def prepare_server(self) -> None:
        """Nothing to do: the first stage made the server's own namespaces."""

    def begin(self, limits: Limits) -> None:
        """Map the user, and mount what every session has for itself."""
        syscalls.set_dumpable(True)
        identity.map_one_user(identity.INSIDE_ID, identity.INSIDE_ID)
        options = f"size={limits['tmp_megabytes']}m,mode=1777,nr_inodes={limits['tmp_files']}"
        own = syscalls.MS_NOSUID | syscalls.MS_NODEV
        syscalls.mount("tmp", "/tmp", "tmpfs", own, options)  # noqa: S108 - its own
        # Read-only: through it one could make all sessions wait for others (`autogroup`).
        syscalls.mount("proc", "/proc", "proc", own | syscalls.MS_NOEXEC | syscalls.MS_RDONLY, "subset=pid")
        # The guest has the same user: without this it could read the first process through /proc.
        syscalls.set_dumpable(False)
        preload.show_font_lists()

    def attach(self, path: str, descriptor: int) -> None:
        """Attach a mount tree; see `Walls.attach`."""
        syscalls.attach_tree(descriptor, path)

    def enter(self, limits: Limits) -> None:
        """Harden; see `Walls.enter`."""
        # The first process counts what all processes share; but for it, nobody outside has a guest's user and sees it.
        syscalls.set_dumpable(True)
        harden(limits)

    def others(self, guest: int) -> list[int]:
        """Return what else runs here; one that ended and was not waited for is not living."""
        others = _pids() - {1, os.getpid(), guest}
        return [pid for pid in others if not _is_zombie(pid)]

    def end_others(self) -> None:
        """Kill everything but us in one stroke; see `Walls.end_others`."""
        try:
            os.kill(-1, signal.SIGKILL)
            while True:
                os.waitpid(-1, 0)
        except (ProcessLookupError, ChildProcessError):
            return

    def leave(self, guest: int) -> None:
        """Nothing to do: the kernel ends every process of the namespace with its first."""


def _pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - in every round's way


def _is_zombie(pid: int) -> bool:
    """Whether it has ended. One whose first thread ended alone looks the same, but for its number of threads."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return True
    return fields[0] in {b"Z", b"X"} and int(fields[17]) <= 1
