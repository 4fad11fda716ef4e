"""The sandbox workers of all sessions: kept between rounds and runs of a session, let go when idle.

Runs actions bound to a gate.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.run_record import RunRequest
from sanca.python_runtime.sandbox.ports import ActionResult, Sandbox, SandboxSession
from sanca.python_runtime.settings import EngineSettings

log = structlog.get_logger()


@dataclass
class _Worker:
    session: SandboxSession
    id: str = field(default_factory=lambda: f"box_{uuid.uuid4().hex}")
    is_bound: bool = False
    is_busy: bool = False
    idle_since: float = field(default_factory=time.monotonic)


class SessionWorkers:
    """One sandbox worker a session. A cancelled action takes its worker with it."""

    def __init__(
        self, sandbox: Sandbox, broker: Callable[[], BrokerClient], files: SessionFiles, settings: EngineSettings
    ) -> None:
        self._sandbox = sandbox
        self._broker = broker
        self._files = files
        self._settings = settings
        self._workers: dict[str, _Worker] = {}
        self._lost: set[str] = set()

    async def run(self, request: RunRequest, code: str, *, round_number: int) -> ActionResult:
        """Run an action in the session's worker; its calls count to the run and round.

        Raises:
            SandboxError: No worker could be made.
        """
        session_id = request.session_id
        worker = await self._worker(session_id)
        worker.is_busy = True
        try:
            result = await self._run_bound(worker, request, code, round_number)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.let_go(session_id, names_matter=True)
            raise
        worker.is_busy, worker.idle_since = False, time.monotonic()
        if session_id in self._lost:
            self._lost.discard(session_id)
            result = replace(result, names_lost=True)
        if not worker.session.alive:
            await self.let_go(session_id, names_matter=True)
        return result

    async def let_go(self, session_id: str, *, names_matter: bool = False) -> None:
        """End the session's worker; the next action gets a new one, and is told that names are gone if they matter."""
        worker = self._workers.pop(session_id, None)
        if worker is None:
            return
        if names_matter:
            self._lost.add(session_id)
        await worker.session.close()
        if worker.is_bound:
            try:
                await self._broker().end_session(worker.id)
            except SancaError as error:
                log.warning("sandbox_session_not_ended", reason=str(error))

    async def let_idle_go(self) -> None:
        """Let go of workers that were idle for long, for ever; cancelled at the end."""
        while True:
            await anyio.sleep(min(30.0, self._settings.sandbox_idle_seconds))
            for session_id in self._idle_ones():
                await self.let_go(session_id, names_matter=True)

    async def close(self) -> None:
        """Let go of all."""
        for session_id in list(self._workers):
            await self.let_go(session_id)

    async def _run_bound(self, worker: _Worker, request: RunRequest, code: str, round_number: int) -> ActionResult:
        broker = self._broker()
        socket = None if worker.is_bound else worker.session.tool_socket
        await broker.bind(worker.id, socket, request.run_id, round_number)
        worker.is_bound = True
        try:
            return await worker.session.run(
                code,
                limit_seconds=self._settings.action_limit_seconds,
                toolkits=[toolkit.name for toolkit in broker.toolkits],
                filename=f"action_{round_number}",
                waited_seconds=lambda: broker.waited_seconds(worker.id),
            )
        finally:
            with anyio.CancelScope(shield=True):
                await broker.unbind(worker.id)

    async def _worker(self, session_id: str) -> _Worker:
        if session_id not in self._workers:
            input_dir, output_dir = self._files.folders(session_id)
            await self._files.remember_outputs(session_id)
            session = await self._sandbox.spawn(input_dir=input_dir, output_dir=output_dir)
            self._workers[session_id] = _Worker(session)
        return self._workers[session_id]

    def _idle_ones(self) -> list[str]:
        now = time.monotonic()
        idle = sorted((one.idle_since, name) for name, one in self._workers.items() if not one.is_busy)
        surplus = max(0, len(idle) - self._settings.sandboxes_kept)
        long_idle = [name for since, name in idle if now - since >= self._settings.sandbox_idle_seconds]
        return list(dict.fromkeys([name for _, name in idle[:surplus]] + long_idle))
