"""The sandbox in pydantic-monty's interpreter (contracts.md, section 4): a part of Python, no libraries, any system.

The interpreter is the wall: its worker processes have the rights of the engine's user, and no way to use them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import anyio
import anyio.to_thread
import pydantic_monty
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.monty.session import MontySession
from sanca.python_runtime.sandbox.own_folders import make_session_folder, remove_left_overs
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.settings import SandboxSettings

_MOST_WORKERS = 4096
_MEGABYTE = 1 << 20


class MontySandbox:
    """See `Sandbox`. Each session has a worker process of its own."""

    level = "monty"
    abilities = Abilities(
        full_python=False, disk_quota=False, cpu_share=False, child_processes=False, libraries=False, snapshot=True
    )
    note = "Actions have a part of Python, and its interpreter, with the rights of the engine's user, is the only wall."

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        self._pool: pydantic_monty.Monty | None = None
        self._sessions: set[MontySession] = set()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Start the pool of workers; see `Sandbox.start`."""
        await anyio.to_thread.run_sync(remove_left_overs, self._settings.outside_id)
        pool = pydantic_monty.Monty(max_processes=_MOST_WORKERS, max_checkouts_per_worker=1)
        try:
            await anyio.to_thread.run_sync(pool.__enter__)
        except (OSError, RuntimeError, pydantic_monty.MontyError) as error:
            raise SandboxError(
                f"The sandbox level 'monty' cannot start its interpreter: {error}. Install pydantic-monty-runtime."
            ) from error
        self._pool = pool

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> MontySession:
        """Return a fresh session; see `Sandbox.spawn`."""
        if self._pool is None:
            raise SandboxError("The sandbox is not running.")
        limits = self._settings.limits_for(tenant)
        tmp = make_session_folder(None)
        mounts = _mounts(limits, input_dir, output_dir, tmp)
        session = MontySession(self._pool, limits, mounts, tmp, self._sessions.discard)
        self._sessions.add(session)
        try:
            await session.open()
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """End every session and the workers; see `Sandbox.close`."""
        with anyio.CancelScope(shield=True):
            for session in tuple(self._sessions):
                await session.close()
            pool, self._pool = self._pool, None
            if pool is not None:
                await anyio.to_thread.run_sync(pool.__exit__, None, None, None)


def _mounts(
    limits: SandboxLimits, input_dir: Path | None, output_dir: Path | None, tmp: Path
) -> dict[str, pydantic_monty.MountDir]:
    mounts = {"/tmp": _writable(tmp, "/tmp", limits.tmp_megabytes)}  # noqa: S108 - inside the sandbox
    if output_dir is not None:
        mounts["/output"] = _writable(output_dir, "/output", limits.output_folder_megabytes)
    if input_dir is not None:
        _require_folder(input_dir)
        mounts["/input"] = pydantic_monty.MountDir(host_path=input_dir, virtual_path="/input", mode="read-only")
    return mounts


def _writable(folder: Path, name: str, megabytes: int) -> pydantic_monty.MountDir:
    _require_folder(folder)
    return pydantic_monty.MountDir(
        host_path=folder, virtual_path=name, mode="read-write", write_bytes_limit=megabytes * _MEGABYTE
    )


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        raise SandboxError(f"{str(path)!r} is not a folder, so the sandbox cannot show it.")
