"""A sandbox session in a container of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import anyio
import structlog
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import refusals
from sanca.python_runtime.sandbox.container.process import ContainerProcess
from sanca.python_runtime.sandbox.container.runtimes import Runtime, run_command
from sanca.python_runtime.sandbox.launcher import ForkedSession
from sanca.python_runtime.sandbox.ports import Snapshot
from sanca.python_runtime.sandbox.session import SNAPSHOT_BYTES, SNAPSHOT_SECONDS, NamespaceSession
from sanca.python_runtime.sandbox.session_control import CANCEL_GRACE_SECONDS
from sanca.python_runtime.sandbox.settings import SandboxSettings

log = structlog.get_logger()

_END_SECONDS = 5.0


class ContainerSession(NamespaceSession):
    """See `SandboxSession`. Made by `ContainerSandbox.spawn`."""

    end_seconds = _END_SECONDS
    full_grace_seconds = CANCEL_GRACE_SECONDS  # it may be writing on

    def __init__(
        self,
        forked: ForkedSession,
        settings: SandboxSettings,
        *,
        hash_seed: int,
        on_closed: Callable[[NamespaceSession], None],
        container: tuple[Runtime, ContainerProcess, str, Path],
        output_dir: Path | None,
    ) -> None:
        super().__init__(forked, settings, hash_seed=hash_seed, on_closed=on_closed)
        self._runtime, self._process, self._name, self._folder = container
        self._output_dir = output_dir

    async def wait_ready(self) -> None:
        """Wait until the container runs.

        Raises:
            SandboxError: It did not start; holds what the runtime's command said last.
        """
        try:
            await self._read_answer()
        except SandboxError as error:
            said = self._process.complaint() or str(error)
            raise SandboxError(f"{self._runtime.name} did not start the session's container: {said}") from error

    async def snapshot(self, *, limit_bytes: int = SNAPSHOT_BYTES, limit_seconds: float = SNAPSHOT_SECONDS) -> Snapshot:
        """Refuse; see `Abilities.snapshot`."""
        self._refuse_snapshot()

    async def restore(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Refuse; see `Abilities.snapshot`."""
        self._refuse_snapshot()

    async def close(self) -> None:
        """End the container and see that nothing of it is left; see `SandboxSession.close`."""
        if self.closed:
            return
        await super().close()
        with anyio.CancelScope(shield=True):
            if not await anyio.to_thread.run_sync(self._process.close):
                await self._remove()
            await anyio.to_thread.run_sync(shutil.rmtree, self._folder, True)

    async def _remove(self) -> None:
        """Remove what may be left after the runtime's command was killed; that nothing is, is no error."""
        try:
            await anyio.to_thread.run_sync(run_command, self._runtime.remove_command(self._name))
        except SandboxError as error:
            log.info("sandbox_container_not_removed", name=self._name, reason=str(error))

    def _refuse_snapshot(self) -> NoReturn:
        raise refusals.no_snapshot("container")
