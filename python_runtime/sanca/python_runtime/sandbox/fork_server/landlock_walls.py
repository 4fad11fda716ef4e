"""The walls of a session without namespaces: Landlock for files, two call filters for the rest. No child processes.

Other sessions have the same user and may not be signalled, traced or read; pids and the host's folder names can be
guessed, not used. What cannot be done here is said in `LandlockSandbox.abilities`.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

from ..guest import places
from . import landlock, preload, syscalls
from .by_descriptor import FIRST_PLACE, LIBRARY, MSGPACK, PYTHON, SANDBOX, SERVER_TMP, path_of
from .hardening import Limits, close_kernel, limit_resources
from .landlock_filter import build_landlock_filter

_READABLE = ("/usr", "/lib", "/lib32", "/lib64", "/bin")
_READABLE_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/dev/random", "/dev/urandom")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_SHOWN_OF_SANDBOX = ("guest", "fork_server")
_READ_ONLY_PLACE = "/input"


class LandlockWalls:
    """See `Walls`. The guest is the session's only process besides the first."""

    namespaces = 0
    renews_guest = True

    def __init__(self, version: int) -> None:
        self._version = version
        self._places: dict[str, int] = {}

    def prepare_server(self) -> None:
        """Let guests whose first process is killed be reaped here, and use no /tmp of the host's."""
        syscalls.adopt_orphans()
        places.redirect({"/tmp": path_of(SERVER_TMP)})  # noqa: S108 - its own

    def begin(self, limits: Limits) -> None:
        """Nothing to do: a session's folders are attached."""

    def attach(self, path: str, descriptor: int) -> None:
        """Let `path` mean the descriptor's folder in guests that begin from now on."""
        self._places[path] = fcntl.fcntl(descriptor, fcntl.F_DUPFD, FIRST_PLACE)

    def enter(self, limits: Limits) -> None:
        """Give up everything; see `Walls.enter`."""
        syscalls.clear_capabilities()
        limit_resources(limits)
        places.redirect({path: path_of(descriptor) for path, descriptor in self._places.items()})
        syscalls.forbid_new_privileges()
        rules = self._rules()
        landlock.restrict(rules, known=self._version)
        for descriptor, _ in rules:
            os.close(descriptor)
        syscalls.install_filter(*build_landlock_filter(syscalls.machine().name, os.getpid()))
        close_kernel()
        # Within the walls: an earlier guest may have put a link there.
        with suppress(FileExistsError):
            preload.show_font_lists()

    def others(self, guest: int) -> list[int]:
        """Return nothing: a guest cannot fork."""
        return []

    def end_others(self) -> None:
        """Nothing to do: a guest cannot fork."""

    def leave(self, guest: int) -> None:
        """End the guest and wait for it; see `Walls.leave`."""
        try:
            os.kill(guest, signal.SIGKILL)
            os.waitpid(guest, 0)
        except (ProcessLookupError, ChildProcessError):
            return

    def _rules(self) -> list[tuple[int, int]]:
        allowed = dict.fromkeys(_READABLE, landlock.READ)
        allowed |= {path_of(descriptor): landlock.READ for descriptor in (PYTHON, MSGPACK, LIBRARY)}
        allowed |= {f"{path_of(SANDBOX)}/{name}": landlock.READ for name in _SHOWN_OF_SANDBOX}
        allowed |= dict.fromkeys(_READABLE_FILES, landlock.READ_FILE)
        allowed |= dict.fromkeys(_DEVICES, landlock.USE_DEVICE)
        for path, descriptor in self._places.items():
            allowed[path_of(descriptor)] = landlock.READ if path == _READ_ONLY_PLACE else landlock.WRITE
        return [
            (os.open(path, os.O_PATH | os.O_CLOEXEC), rights) for path, rights in allowed.items() if _is_there(path)
        ]


def _is_there(path: str) -> bool:
    return Path(path).exists()
