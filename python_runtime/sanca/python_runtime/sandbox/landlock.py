"""The sandbox on Linux without user namespaces: Landlock, two call filters, and a user of its own where that may be.

The fork server, the pool and the rounds are those of `namespace.py`. What differs: no namespace and no mount is made,
so `/input`, `/output` and `/tmp` are names that Python's file functions know (`guest/places.py`), a session's /tmp is a
folder on the host's disk, and an action cannot have child processes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anyio
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.fork_server import landlock
from sanca.python_runtime.sandbox.fork_server.by_descriptor import LIBRARY, PYTHON, path_of
from sanca.python_runtime.sandbox.fork_server.root import PYTHON_FOLDER
from sanca.python_runtime.sandbox.launcher import ForkServer
from sanca.python_runtime.sandbox.namespace import NamespaceSandbox
from sanca.python_runtime.sandbox.output_folder import remove_tree
from sanca.python_runtime.sandbox.outside_user import outside_user
from sanca.python_runtime.sandbox.own_folders import make_session_folder, remove_left_overs
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.session import NamespaceSession
from sanca.python_runtime.sandbox.session_control import CANCEL_GRACE_SECONDS
from sanca.python_runtime.sandbox.settings import SandboxSettings

_OPEN_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_END_SECONDS = 1.0


class LandlockForkServer(ForkServer):
    """See `ForkServer`. It has no mounter: a folder is given as its descriptor."""

    first_stage = "prepare_landlock"
    warms_up = False

    def __init__(self, settings: SandboxSettings, *, libraries: bool = False) -> None:
        super().__init__(settings, libraries=libraries)
        self._tmp: Path | None = None

    async def mount(self, folder: Path, *, read_only: bool) -> int:
        """Return a descriptor of the folder; that /input is only read is for the walls to see to."""
        try:
            return os.open(folder, _OPEN_FOLDER)
        except OSError as error:
            raise SandboxError(
                f"The folder {str(folder)!r} cannot be shown in the sandbox: {error.strerror}."
            ) from error

    async def close(self) -> None:
        """End it and every session, and delete its folder; see `ForkServer.close`."""
        await super().close()
        tmp, self._tmp = self._tmp, None
        if tmp is not None:
            await anyio.to_thread.run_sync(remove_tree, tmp)

    def _plan(self) -> dict[str, Any]:
        plan = super()._plan()
        self._tmp = make_session_folder(plan["outside_id"])
        environment, python = dict(plan["environment"]), plan["python"]
        if plan["root"]["python_prefix"]:
            python = str(Path(python).relative_to(PYTHON_FOLDER))
            environment["PYTHONHOME"] = path_of(PYTHON)
            environment["LD_LIBRARY_PATH"] = f"{path_of(PYTHON)}/lib"
        environment["MATPLOTLIBRC"] = f"{path_of(LIBRARY)}/.matplotlib/matplotlibrc"
        return {
            **plan["root"],
            "tmp_folder": str(self._tmp),
            "outside_id": outside_user(plan["outside_id"]),
            "control_groups": plan["control_groups"],
            "python": python,
            "environment": environment,
        }

    def _config(self) -> dict[str, Any]:
        return {**super()._config(), "landlock": landlock.version()}

    async def _meet_mounter(self) -> None:
        """There is none."""


class LandlockSession(NamespaceSession):
    """See `SandboxSession`. Made by `LandlockSandbox.spawn`."""

    folder_check_seconds = 0.2
    full_grace_seconds = CANCEL_GRACE_SECONDS  # it may be writing on
    end_seconds = _END_SECONDS
    tmp: Path | None = None
    """The host's side of its /tmp."""

    async def close(self) -> None:
        """End it and delete /tmp; see `SandboxSession.close`."""
        await super().close()
        tmp, self.tmp = self.tmp, None
        if tmp is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(remove_tree, tmp)

    def _counted_folders(self) -> dict[str, tuple[Path, int]]:
        own = {} if self.tmp is None else {"/tmp": (self.tmp, self._limits.tmp_megabytes)}  # noqa: S108 - inside
        return {**own, **super()._counted_folders()}


class LandlockSandbox(NamespaceSandbox):
    """See `Sandbox`. As strong as `namespace` against reading, writing and signalling; weaker in what it can bound."""

    level = "landlock"
    abilities = Abilities(disk_quota=False, child_processes=False, hidden_processes=False)
    server_class = LandlockForkServer
    session_class = LandlockSession

    @property
    def note(self) -> str:
        """What holds sessions to their share, and what this kernel's Landlock lacks, each in a sentence."""
        version = landlock.version()
        if version >= landlock.FULL_VERSION:
            return super().note
        lacking = f"Landlock is of version {version}: signals and sockets are kept in by the call filter alone."
        return f"{super().note} {lacking}".strip()

    async def start(self) -> None:
        """Delete what engines that died left behind, then start; see `Sandbox.start`."""
        await anyio.to_thread.run_sync(remove_left_overs, self._settings.outside_id)
        await super().start()

    def _own_folders(self, session: NamespaceSession) -> dict[str, int]:
        tmp = make_session_folder(self._settings.outside_id)
        if isinstance(session, LandlockSession):
            session.tmp = tmp
        return {"/tmp": os.open(tmp, _OPEN_FOLDER)}  # noqa: S108 - inside the sandbox
