"""The sandbox in containers: one a session, started by a runtime's command line (contracts.md, section 4)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import refusals
from sanca.python_runtime.sandbox.container.plan import make_root, plan_session
from sanca.python_runtime.sandbox.container.process import ContainerProcess
from sanca.python_runtime.sandbox.container.runtimes import DockerRuntime, RunscRuntime, Runtime
from sanca.python_runtime.sandbox.container.session import ContainerSession
from sanca.python_runtime.sandbox.outside_user import outside_user
from sanca.python_runtime.sandbox.own_folders import make_container_folder, remove_left_overs
from sanca.python_runtime.sandbox.ports import Abilities
from sanca.python_runtime.sandbox.session import NamespaceSession
from sanca.python_runtime.sandbox.settings import SandboxSettings

log = structlog.get_logger()

_COMMANDS = ("runsc", "podman", "docker")
"""In this order when none is configured: the strongest first."""


class ContainerSandbox:
    """See `Sandbox`. A session takes a container's start: tenths of a second, and none are kept ready."""

    level = "container"
    abilities = Abilities(disk_quota=False, child_processes=False, snapshot=False)

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        self._runtime: Runtime | None = None
        self._folder: Path | None = None
        self._sessions: set[ContainerSession] = set()

    @property
    def note(self) -> str:
        """Which command is used, and what it cannot bound here."""
        if self._runtime is None:
            return ""
        groups = (
            "" if self._runtime.has_cpu_share else " Control groups are not to be had; its first process watches it."
        )
        return f"Each session is a container of {self._runtime.name}.{groups}"

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def start(self) -> None:
        """Find the first command that really runs a session; see `Sandbox.start`."""
        refusals.check_machine()
        await anyio.to_thread.run_sync(remove_left_overs, self._settings.outside_id)
        self._folder = make_container_folder()
        try:
            await anyio.to_thread.run_sync(make_root, self._folder / "root")
            await self._choose_runtime(self._folder)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.close()
            raise

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> ContainerSession:
        """Return a fresh session in a container of its own; see `Sandbox.spawn`."""
        if self._runtime is None or self._folder is None:
            raise SandboxError("The sandbox is not running.")
        shown = (_folder(input_dir), _folder(output_dir))
        user = outside_user(self._settings.outside_id)
        if output_dir is not None and user is not None:
            os.chown(output_dir, user, user)
        has_share, limits = self._runtime.has_cpu_share, self._settings.limits_for(tenant)
        plan = plan_session(self._settings, limits, *shown, has_kernels_share=has_share)
        folder = self._folder / plan.name
        folder.mkdir()
        process = ContainerProcess(self._runtime.start_command(plan, folder))
        session = ContainerSession(
            replace(await anyio.to_thread.run_sync(process.start), limits=limits),
            self._settings,
            hash_seed=plan.hash_seed,
            on_closed=self._forget,
            container=(self._runtime, process, plan.name, folder),
            output_dir=output_dir,
        )
        self._sessions.add(session)
        try:
            await session.wait_ready()
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """End every container; see `Sandbox.close`."""
        with anyio.CancelScope(shield=True):
            for session in tuple(self._sessions):
                await session.close()
            self._runtime = None
            folder, self._folder = self._folder, None
            if folder is not None:
                await anyio.to_thread.run_sync(shutil.rmtree, folder, True)

    async def _choose_runtime(self, folder: Path) -> None:
        reasons: list[str] = []
        for runtime in self._candidates(folder):
            try:
                await anyio.to_thread.run_sync(runtime.prepare, folder / "root")
                self._runtime = runtime
                await (await self.spawn()).close()
            except SandboxError as error:
                reasons.append(str(error).rstrip("."))
                self._runtime = None
                continue
            log.info("sandbox_container_runtime", runtime=runtime.name, cpu_share=runtime.has_cpu_share)
            return
        raise refusals.no_container(reasons)

    def _candidates(self, folder: Path) -> Iterator[Runtime]:
        wanted = self._settings.container_command
        for name in (wanted,) if wanted else _COMMANDS:
            if (command := shutil.which(name)) is None:
                continue
            kind = Path(command).name
            if kind == "runsc":
                for has_groups in (True, False):
                    yield RunscRuntime(command, folder / "state", has_groups=has_groups)
            else:
                yield DockerRuntime(command, kind)

    def _forget(self, session: NamespaceSession) -> None:
        if isinstance(session, ContainerSession):
            self._sessions.discard(session)


def _folder(path: Path | None) -> Path | None:
    if path is None:
        return None
    if not path.is_dir():
        raise SandboxError(f"{str(path)!r} is not a folder, so the sandbox cannot show it.")
    return path.resolve()
