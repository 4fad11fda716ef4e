"""The sandbox workers of all sessions: awake between rounds and runs, asleep when idle. Runs actions bound to a gate.

What a session's worker is and how it sleeps is in `held_session.py`; here is which of them are awake, and the gate.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup
from sanca.core.errors import SancaError
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.files import SessionFiles
from sanca.python_runtime.held_session import HeldSession, SnapshotBounds
from sanca.python_runtime.run_record import RunRequest
from sanca.python_runtime.sandbox.ports import ActionResult, Sandbox, SandboxSession
from sanca.python_runtime.settings import EngineSettings
from sanca.python_runtime.snapshots import SnapshotFiles

log = structlog.get_logger()

_PENDING_LOOK_SECONDS = 0.005
_LAST_SECONDS = 0.5
"""What the engine's end may wait for snapshots."""


@dataclass
class _Binding:
    """How the broker knows a session's process; a new one with each process."""

    id: str = field(default_factory=lambda: f"box_{uuid.uuid4().hex}")
    is_bound: bool = False
    was_cut_short: bool = False
    broken_rule: str = ""
    """What its guest did on the tool channel that no honest one does."""


class SessionWorkers:
    """One sandbox worker a session. A cancelled action leaves it as it was before, as far as Python can be stopped."""

    def __init__(
        self,
        sandbox: Sandbox,
        broker: Callable[[], BrokerClient],
        files: SessionFiles,
        settings: EngineSettings,
        snapshots: Path,
    ) -> None:
        self._sandbox = sandbox
        self._broker = broker
        self._files = files
        self._settings = settings
        self._snapshots = SnapshotFiles(snapshots, limit_megabytes=settings.snapshots_megabytes)
        self._quick = SnapshotBounds(
            settings.quick_snapshot_kilobytes << 10, settings.quick_snapshot_milliseconds / 1000
        )
        self._full = SnapshotBounds(settings.snapshot_megabytes << 20, settings.snapshot_seconds, is_generous=True)
        self._held: dict[str, HeldSession] = {}
        self._bindings: dict[str, _Binding] = {}
        self._tasks: TaskGroup | None = None

    @property
    def held(self) -> int:
        """How many sessions are held, awake or asleep."""
        return len(self._held)

    @property
    def awake(self) -> int:
        """How many of them have a process."""
        return sum(one.is_awake for one in self._held.values())

    @property
    def is_idle(self) -> bool:
        """Whether no action runs."""
        return not any(one.is_busy for one in self._held.values())

    async def wake(self, request: RunRequest, code: str) -> dict[str, Any]:
        """Make the session's worker ready for an action, and return the facts about it that belong into the journal.

        Raises:
            SandboxError: No worker could be made.
        """
        await self._end_if_a_call_pends(request.session_id)
        session = await self._of(request.session_id, request).wake(code)
        return {"sandbox_level": self._sandbox.level, "hash_seed": session.hash_seed}

    def names(self, session_id: str) -> dict[str, str] | None:
        """Return the names that a session's last action left → their types; None when they are not known."""
        held = self._held.get(session_id)
        return held.names if held is not None else None

    async def names_kept(self, request: RunRequest) -> dict[str, str] | None:
        """Return the names that the session's next action will find, woken for it; None when they are not known.

        Raises:
            SandboxError: No worker could be made.
        """
        await self.wake(request, "")
        return self.names(request.session_id)

    async def run(self, request: RunRequest, code: str, *, round_number: int) -> ActionResult:
        """Run an action in the session's worker; its calls count to the run and round.

        Raises:
            SandboxError: No worker could be made.
        """
        held = self._of(request.session_id, request)
        result = await held.run(code, lambda session: self._run_bound(session, request, code, round_number))
        if self._tasks is not None:
            self._tasks.start_soon(held.take_snapshot, self._quick)
        return result

    async def sleep(self, session_id: str) -> None:
        """Put a session's worker to sleep now, if it is awake."""
        if (held := self._held.get(session_id)) is not None:
            await held.sleep(self._full)

    async def let_go(self, session_id: str) -> None:
        """End the session's worker and forget its names."""
        held = self._held.pop(session_id, None)
        if held is not None:
            await held.forget()
        else:
            await self._snapshots.forget(session_id)

    def end_misbehaving(self, binding_id: str, reason: str) -> None:
        """End the process of a guest that broke the rules of its tool channel; the session gets a new one."""
        for session_id, binding in self._bindings.items():
            if binding.id == binding_id and self._tasks is not None:
                binding.broken_rule = reason
                self._tasks.start_soon(self._held[session_id].end)

    async def keep(self) -> None:
        """Take snapshots after rounds and put idle workers to sleep, for ever; cancelled at the end."""
        pause = min(5.0, self._settings.sandbox_idle_seconds, self._settings.idle_snapshot_seconds)
        async with anyio.create_task_group() as self._tasks:
            while True:
                await anyio.sleep(pause)
                for held in self._incomplete_ones():
                    await held.take_snapshot(self._full)
                for held in self._idle_ones():
                    await held.sleep(self._full)

    async def close(self) -> None:
        """End all workers; what their last snapshots hold lives on, and what can be kept in half a second."""
        last = replace(self._full, limit_seconds=min(_LAST_SECONDS, self._full.limit_seconds))
        async with anyio.create_task_group() as closing:
            for held in self._held.values():
                closing.start_soon(held.close, last)

    async def _run_bound(
        self, session: SandboxSession, request: RunRequest, code: str, round_number: int
    ) -> ActionResult:
        broker, binding = self._broker(), self._bindings[request.session_id]
        socket = None if binding.is_bound else session.tool_socket
        await broker.bind(binding.id, socket, request.run_id, round_number)
        binding.is_bound, binding.was_cut_short = True, True
        try:
            result = await session.run(
                code,
                limit_seconds=self._settings.action_limit_seconds,
                toolkits=[toolkit.name for toolkit in broker.toolkits],
                filename=f"action_{round_number}",
                waited_seconds=lambda: broker.waited_seconds(binding.id),
            )
            binding.was_cut_short = result.status not in {"ok", "error"}
            if binding.broken_rule:
                text = f"The action was ended because it misused the channel to the tools: {binding.broken_rule}"
                result = replace(result, status="killed", value=None, error_type="SandboxError", error=text)
            return result
        finally:
            with anyio.CancelScope(shield=True):
                await broker.unbind(binding.id)

    def _of(self, session_id: str, request: RunRequest) -> HeldSession:
        if session_id not in self._held:

            async def spawn(libraries: bool) -> SandboxSession:
                return await self._spawn(request, libraries)

            async def unbind() -> None:
                await self._unbind(session_id)

            self._held[session_id] = HeldSession(session_id, spawn, unbind, self._snapshots)
        return self._held[session_id]

    async def _spawn(self, request: RunRequest, libraries: bool) -> SandboxSession:
        session_id = request.session_id
        await self._make_room()
        input_dir, output_dir = self._files.folders(session_id)
        await self._files.remember_outputs(session_id)
        session = await self._sandbox.spawn(
            input_dir=input_dir, output_dir=output_dir, tenant=request.caller.tenant, libraries=libraries
        )
        self._bindings[session_id] = _Binding()
        return session

    async def _make_room(self) -> None:
        """Put the longest idle to sleep, so that a crowd of sessions does not keep a process each.

        Who spawns is not awake yet and so is nobody's choice: two sessions never wait for each other here.
        """
        while self.awake >= self._settings.awake_sessions and (idle := self._resting()):
            await idle[0].sleep(self._full)

    async def _unbind(self, session_id: str) -> None:
        """Tell the broker that a session's process is gone."""
        binding = self._bindings.pop(session_id, None)
        if binding is None or not binding.is_bound:
            return
        try:
            await self._broker().end_session(binding.id)
        except SancaError as error:
            log.warning("sandbox_session_not_ended", reason=str(error))

    async def _end_if_a_call_pends(self, session_id: str) -> None:
        """Give the session a new process when a call of an action that was cut short still hangs in its channel."""
        binding = self._bindings.get(session_id)
        if binding is None or not binding.was_cut_short:
            return
        before = await self._broker().waited_seconds(binding.id)
        await anyio.sleep(_PENDING_LOOK_SECONDS)
        if await self._broker().waited_seconds(binding.id) > before:
            await self._held[session_id].sleep(self._full)

    def _incomplete_ones(self) -> list[HeldSession]:
        now = time.monotonic()
        return [
            one
            for one in self._held.values()
            if one.is_awake
            and not one.is_busy
            and not one.is_complete
            and now - one.idle_since >= self._settings.idle_snapshot_seconds
        ]

    def _resting(self) -> list[HeldSession]:
        """Return those that are awake and do nothing, the longest idle first."""
        held = self._held.values()
        resting = [one for one in held if one.is_awake and not one.is_busy and not one.is_expecting]
        return sorted(resting, key=lambda one: one.idle_since)

    def _idle_ones(self) -> list[HeldSession]:
        """Return the awake ones that were idle for long, and the longest idle of too many."""
        now = time.monotonic()
        surplus = max(0, self.awake - self._settings.awake_sessions)
        return [
            one
            for number, one in enumerate(self._resting())
            if number < surplus or now - one.idle_since >= self._settings.sandbox_idle_seconds
        ]
