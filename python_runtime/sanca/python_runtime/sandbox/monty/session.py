"""A sandbox session in an interpreter's worker process: fed in a thread, ended by ending the worker."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pydantic_monty
from sanca.core.errors import ActionTimeoutError, LimitExceededError, SandboxError
from sanca.python_runtime.sandbox.budget import SessionBudget
from sanca.python_runtime.sandbox.clock import ActionClock
from sanca.python_runtime.sandbox.fork_server.output import CappedOutput
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.monty.actions import SHOW_VALUE, describe_error, prepare, read_value
from sanca.python_runtime.sandbox.monty.tools import MontyChannel, names_for
from sanca.python_runtime.sandbox.output_folder import is_over_limit, remove_tree
from sanca.python_runtime.sandbox.ports import ActionResult, ActionStatus, Snapshot, Used, WaitedSeconds
from sanca.python_runtime.sandbox.results import Stop, lost_result
from sanca.python_runtime.sandbox.session import SNAPSHOT_BYTES, SNAPSHOT_SECONDS, why_refused

_SUSPENSIONS = 10_000_000
_MEGABYTE = 1 << 20
_END_SECONDS = 2.0
_FOLDER_CHECK_SECONDS = 0.5
_FINAL_CHARS = 32_000
_LIMIT_ERROR = LimitExceededError.__name__


class MontySession:
    """See `SandboxSession`. Made by `MontySandbox.spawn`."""

    hash_seed = None
    """The interpreter says nothing of one."""

    def __init__(
        self,
        pool: pydantic_monty.Monty,
        limits: SandboxLimits,
        mounts: Mapping[str, pydantic_monty.MountDir],
        tmp: Path,
        on_closed: Callable[[MontySession], None],
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._budget = SessionBudget(limits)
        self._mounts = mounts
        self._tmp = tmp
        self._on_closed = on_closed
        self._tools, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = MontyChannel(inner)
        self._threads = anyio.CapacityLimiter(1)
        self._interpreter: pydantic_monty.MontySession | None = None
        self._worker_pid: int | None = None
        self._kept: bytes | None = None
        """The names after the last round: what comes back when a worker has to be ended."""
        self._names: set[str] = set()
        self._is_restored = False
        self._is_first = True
        self._lock = threading.Lock()
        self._is_performing = False
        self._ended = anyio.Event()
        self._ended.set()
        self._stop: Stop | None = None
        self._names_lost = False
        self._alive = True
        self._closed = False

    @property
    def tool_socket(self) -> socket.socket:
        """The broker's end of the tool channel."""
        return self._tools

    @property
    def alive(self) -> bool:
        """Whether another action can be run."""
        return self._alive

    @property
    def names_lost(self) -> bool:
        """Whether what was bound before is gone."""
        return self._names_lost

    @property
    def used(self) -> Used:
        """What its actions have used; processor time is not known here."""
        return self._budget.used

    def carry_over(self, used: Used) -> None:
        """Count what was used before; see `SandboxSession.carry_over`."""
        self._budget.carry_over(used)

    async def open(self) -> None:
        """Take a worker."""
        await anyio.to_thread.run_sync(self._take_worker, limiter=self._threads)

    async def run(
        self,
        code: str,
        *,
        limit_seconds: float,
        toolkits: Sequence[str],
        filename: str = "<action>",
        waited_seconds: WaitedSeconds | None = None,
    ) -> ActionResult:
        """Run one action; see `SandboxSession.run`."""
        self._begin()
        clock = ActionClock(self._budget.cut(limit_seconds), waited_seconds)
        try:
            if (refusal := why_refused(code)) is not None:
                return ActionResult(status="refused", error=refusal)
            if (spent := self._budget.refusal()) is not None:
                self._alive, self._names_lost = False, True
                return lost_result(Stop("limit", spent, _LIMIT_ERROR), seconds=0.0, waited_seconds=0.0)
            async with anyio.create_task_group() as watching:
                watching.start_soon(self._watch, clock)
                try:
                    told = await anyio.to_thread.run_sync(self._perform, code, tuple(toolkits), limiter=self._threads)
                finally:
                    watching.cancel_scope.cancel()
            self._budget.spend(clock.seconds - clock.waited_seconds, 0.0)
            if self._stop is None:
                self._stop = await self._full_folder()
            return self._result(told, clock)
        finally:
            self._ended.set()

    async def interrupt(self) -> None:
        """End the running action; see `SandboxSession.interrupt`."""
        if self._ended.is_set() or not self._alive:
            return
        self._end_action(Stop("killed", "The action was stopped."))

    async def snapshot(self, *, limit_bytes: int = SNAPSHOT_BYTES, limit_seconds: float = SNAPSHOT_SECONDS) -> Snapshot:
        """Return the names, which can all be kept; see `SandboxSession.snapshot`. They are taken in one stroke."""
        self._begin()
        try:
            data = await anyio.to_thread.run_sync(self._dump, limiter=self._threads)
        finally:
            self._ended.set()
        if len(data) > limit_bytes:
            raise SandboxError(f"The session's names take {len(data):,} bytes; at most {limit_bytes:,} are kept.")
        return Snapshot(data=data, kept=tuple(sorted(self._names)))

    async def restore(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Bring names back; see `SandboxSession.restore`."""
        self._begin()
        try:
            self._kept = snapshot.data
            await anyio.to_thread.run_sync(self._replace_worker, limiter=self._threads)
            self._names_lost, self._names = False, set(snapshot.kept)
        finally:
            self._ended.set()
        return ()

    async def close(self) -> None:
        """End the worker; see `SandboxSession.close`."""
        if self._closed:
            return
        self._closed, self._alive = True, False
        with anyio.CancelScope(shield=True):
            self._end_action(Stop("killed", "The sandbox session was closed."))
            with anyio.move_on_after(_END_SECONDS):
                await self._ended.wait()
            await anyio.to_thread.run_sync(self._give_worker_back, limiter=self._threads)
            for mount in self._mounts.values():
                mount.close()
            await anyio.to_thread.run_sync(remove_tree, self._tmp)
        self._channel.close()
        self._tools.close()
        self._on_closed(self)

    def _begin(self) -> None:
        if not self._alive:
            raise SandboxError("The sandbox session has ended; start a new one.")
        if not self._ended.is_set():
            raise SandboxError("The sandbox session is running an action already.")
        self._ended = anyio.Event()
        self._stop = None

    async def _watch(self, clock: ActionClock) -> None:
        """End the action when its time is up, a folder is full, or its `run` is cancelled."""
        try:
            while (left := await clock.left()) > 0:
                await anyio.sleep(min(left, _FOLDER_CHECK_SECONDS))
                if (full := await self._full_folder()) is not None:
                    self._end_action(full)
                    return
        except anyio.get_cancelled_exc_class():
            self._end_action(Stop("killed", "The action was stopped."))
            raise
        sentence = f"The action used up its {clock.limit_seconds:g} seconds."
        self._end_action(Stop("timeout", sentence, ActionTimeoutError.__name__))

    def _end_action(self, stop: Stop) -> None:
        """End the worker, if an action runs; nothing else stops the interpreter in mid-operation."""
        with self._lock:
            if not self._is_performing:
                return
            self._stop = self._stop or stop
            self._channel.interrupt()
            if self._worker_pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(self._worker_pid, signal.SIGKILL)

    def _perform(self, code: str, toolkits: tuple[str, ...]) -> _Told:
        told = _Told(CappedOutput(self._limits.output_kilobytes * 1024))
        self._channel.begin()
        with self._lock:
            self._is_performing = True
        try:
            self._feed(code, toolkits, told)
        finally:
            with self._lock:
                self._is_performing = False
            if told.has_crashed or self._stop is not None:
                told.names_lost = self._kept is None and not self._is_first
                self._replace_worker()
            self._is_first = False
        return told

    def _feed(self, code: str, toolkits: tuple[str, ...], told: _Told) -> None:
        action = prepare(code)
        names = names_for(self._channel, toolkits) | {"final_answer": told.take_final}
        interpreter = self._living()
        options: dict[str, Any] = {
            "print_callback": lambda _stream, text: told.output.add(text.encode("utf-8", "replace")),
            "mount": list(self._mounts.values()),
            "os": self._answer_system,
        }
        if self._is_restored:  # what the old worker knew of them is of no use to this one
            options["inputs"], self._is_restored = names, False
        folder = "/output" if "/output" in self._mounts else "/tmp"  # noqa: S108 - inside the sandbox
        try:
            try:
                interpreter.feed_run(action.code, external_lookup=names, cwd=folder, **options)
                if action.has_value:
                    options.pop("inputs", None)
                    told.value = interpreter.feed_run(SHOW_VALUE, external_lookup=names, **options)
            except pydantic_monty.MontyCrashedError:
                raise
            except pydantic_monty.MontyError as error:
                told.error, told.error_type = describe_error(error)
            self._kept = interpreter.dump()
            self._names |= action.names
        except pydantic_monty.MontyCrashedError as error:
            told.has_crashed = True
            told.error, told.error_type = f"The action's interpreter ended: {error}", None

    def _answer_system(self, *, name: str, args: tuple[Any, ...], **_more: object) -> object:
        """Answer what the interpreter asks of its system: sleep, and nothing else."""
        if not name.endswith("sleep"):
            return pydantic_monty.NOT_HANDLED
        self._channel.sleep(float(args[0]))
        return None

    def _result(self, told: _Told, clock: ActionClock) -> ActionResult:
        stdout, dropped_chars = told.output.text()
        value, value_json, is_text = read_value(told.value)
        status, error, error_type = told.status, told.error, told.error_type
        if self._stop is not None:
            status, error, error_type = self._stop.status, self._stop.sentence, self._stop.error_type
        self._names_lost = self._names_lost or told.names_lost
        return ActionResult(
            status=status,
            value=value,
            value_json=value_json,
            value_is_text=is_text,
            final_answer=told.final_answer if status == "ok" else None,
            stdout=stdout,
            error=error,
            error_type=error_type,
            seconds=clock.seconds,
            waited_seconds=clock.waited_seconds,
            dropped_chars=dropped_chars,
            names_lost=told.names_lost,
        )

    async def _full_folder(self) -> Stop | None:
        for name, mount in self._mounts.items():
            if mount.mode != "read-write":
                continue
            most = self._limits.tmp_megabytes if name == "/tmp" else self._limits.output_folder_megabytes  # noqa: S108
            if await is_over_limit(Path(mount.host_path), most):
                return Stop("limit", f"{name} holds more than {most} MB or 10,000 files; delete some.", _LIMIT_ERROR)
        return None

    def _living(self) -> pydantic_monty.MontySession:
        if self._interpreter is None:
            raise SandboxError("The sandbox session has ended; start a new one.")
        return self._interpreter

    def _dump(self) -> bytes:
        return self._living().dump()

    def _take_worker(self) -> None:
        interpreter = self._pool.checkout(
            script_name="action",
            limits={
                "max_memory": self._limits.memory_megabytes * _MEGABYTE,
                "max_suspensions": _SUSPENSIONS,
            },
            os_policy={"sleep": "call_host"},  # the pool's own sleep could not be ended
        )
        interpreter.__enter__()
        if self._kept is not None:
            interpreter.load_session(self._kept)
            self._is_restored = True
        self._interpreter, self._worker_pid = interpreter, interpreter.worker_pid

    def _replace_worker(self) -> None:
        self._give_worker_back()
        if not self._closed:
            self._take_worker()

    def _give_worker_back(self) -> None:
        interpreter, self._interpreter, self._worker_pid = self._interpreter, None, None
        if interpreter is not None:
            with suppress(pydantic_monty.MontyError):
                interpreter.__exit__(None, None, None)


@dataclass
class _Told:
    """How feeding an action ended, before it is known whether we ended it."""

    output: CappedOutput
    value: object = None
    error: str | None = None
    error_type: str | None = None
    final_answer: str | None = None
    has_crashed: bool = False
    names_lost: bool = False

    def take_final(self, answer: object) -> None:
        """Note the person's answer."""
        self.final_answer = str(answer)[:_FINAL_CHARS]

    @property
    def status(self) -> ActionStatus:
        """The result's status, if we did not end the action."""
        if self.has_crashed:
            return "killed"
        if self.error is None:
            return "ok"
        return "limit" if self.error_type in {"MemoryError", _LIMIT_ERROR} else "error"
