"""What encloses a session's processes. The first process asks it what is its own to end; a guest enters it.

`NamespaceWalls` is for a session that is alone in its pid namespace, also in a container. `landlock.py` has the other.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Protocol

from . import syscalls
from .hardening import Limits, harden


class Walls(Protocol):
    """One per session. Lifecycle: `attach` before the first round, `enter` in each guest, the rest between rounds."""

    renews_guest: bool
    """Whether only guests that begin after `attach` see what was attached."""

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

    renews_guest = False

    def attach(self, path: str, descriptor: int) -> None:
        """Attach a mount tree; see `Walls.attach`."""
        syscalls.attach_tree(descriptor, path)

    def enter(self, limits: Limits) -> None:
        """Harden; see `Walls.enter`."""
        harden(limits)

    def others(self, guest: int) -> list[int]:
        """Return what else runs here; one that ended and was not waited for is not living."""
        trusted = {1, os.getpid(), guest}
        return [pid for pid in _pids() if pid not in trusted and not _is_zombie(pid)]

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


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - in every round's way


def _is_zombie(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True
    return text.rpartition(b")")[2].split()[0] in {b"Z", b"X"}
