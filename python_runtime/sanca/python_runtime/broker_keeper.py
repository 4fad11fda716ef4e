"""Keeps a broker running: starts it, starts it again when it dies, and is the gate that the runs see.

Holds no run itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import structlog
from anyio.abc import TaskStatus
from sanca.core.errors import ConfigurationError, RunError, SancaError
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.client import BrokerCallbacks, BrokerClient
from sanca.python_runtime.broker.records import BrokerSettings, RunBudget, RunContext
from sanca.python_runtime.run_record import RunRequest

log = structlog.get_logger()

_RESTART_SECONDS = (0.2, 1.0, 5.0, 15.0)


class BrokerKeeper:
    """One broker at a time. `keep` runs in a task of its own for the engine's life."""

    def __init__(
        self, settings: BrokerSettings, *, cut_off: Callable[[], Awaitable[None]], calls_max: Callable[[str], int]
    ) -> None:
        """Take how it is started, who ends the runs that its death cut off, and how many calls a tenant's runs have."""
        self._settings = settings
        self._cut_off = cut_off
        self._calls_max = calls_max
        self._client: BrokerClient | None = None
        self._lost = anyio.Event()
        self._up = anyio.Event()
        self._closing = anyio.Event()
        self._is_kept = False
        self.closed = anyio.Event()

    @property
    def client(self) -> BrokerClient:
        """The broker in use.

        Raises:
            RunError: It is being started again.
        """
        if self._client is None:
            raise RunError("The engine's broker is being started again; try again in a moment.")
        return self._client

    async def wait_until_up(self) -> None:
        """Return when there is a broker."""
        await self._up.wait()

    async def keep(self, callbacks: BrokerCallbacks, *, task_status: TaskStatus[None]) -> None:
        """Run brokers until `close`.

        Raises:
            ConfigurationError: The first one could not start.
        """
        self._is_kept = True
        try:
            await self._run_one(callbacks, task_status.started)
            for attempt in range(1_000_000):
                if self._closing.is_set():
                    return
                await anyio.sleep(_RESTART_SECONDS[min(attempt, len(_RESTART_SECONDS) - 1)])
                try:
                    await self._run_one(callbacks, lambda: log.info("broker_restarted"))
                except ConfigurationError as error:
                    log.error("broker_not_restarted", reason=str(error))
        finally:
            self._client = None
            self.closed.set()

    async def lost(self) -> None:
        """Hear that the broker's process ended."""
        self._lost.set()

    async def close(self) -> None:
        """End the broker; what it was given is on disk afterwards."""
        self._closing.set()
        self._lost.set()
        if self._is_kept:
            await self.closed.wait()

    async def _run_one(self, callbacks: BrokerCallbacks, started: Callable[[], None]) -> None:
        self._lost = anyio.Event()
        async with BrokerClient.open(self._settings, callbacks) as client:
            self._client = client
            self._up.set()
            started()
            await self._lost.wait()
            if not self._closing.is_set():
                self._client, self._up = None, anyio.Event()
                await self._cut_off()

    # -- the gate that runs see ---------------------------------------------------------------------------------------

    async def open_run(self, request: RunRequest) -> None:
        """Let the run's calls through, as this caller's."""
        await self.client.open_run(self._context(request))

    async def call_once(
        self, request: RunRequest, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        """Let one call of a run that is nothing else through, as this caller's."""
        return await self.client.call_once(self._context(request), toolkit, tool, arguments)

    def _context(self, request: RunRequest) -> RunContext:
        caller = request.caller
        return RunContext(
            run_id=request.run_id,
            session_id=request.session_id,
            tenant=caller.tenant,
            user=caller.user,
            rights=caller.rights,
            trace_id=caller.trace_id,
            channel=caller.channel,
            via=caller.via,
            budget=RunBudget(calls=self._calls_max(caller.tenant)),
        )

    async def close_gate(self, run_id: str) -> None:
        """Let no further call through; the callbacks have told what became of calls under way when this returns."""
        await self._quietly(lambda client: client.close_gate(run_id))

    async def close_run(self, run_id: str) -> None:
        """Forget the run."""
        await self._quietly(lambda client: client.close_run(run_id))

    async def _quietly(self, ask: Callable[[BrokerClient], Awaitable[object]]) -> None:
        """A broker that is gone lets nothing through either."""
        try:
            await ask(self.client)
        except SancaError as error:
            log.warning("broker_not_asked", reason=str(error))
