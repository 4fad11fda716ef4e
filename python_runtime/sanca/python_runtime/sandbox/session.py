"""A sandbox session as the engine holds it: sends actions to the first process and watches their time."""

from __future__ import annotations

import math
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from sanca.core.errors import ActionTimeoutError, LimitExceededError, SandboxError
from sanca.python_runtime.sandbox.budget import SessionBudget
from sanca.python_runtime.sandbox.clock import ActionClock
from sanca.python_runtime.sandbox.fork_server.folder_size import MOST_DEPTH, MOST_ENTRIES
from sanca.python_runtime.sandbox.launcher import ForkedSession
from sanca.python_runtime.sandbox.output_folder import is_over_limit
from sanca.python_runtime.sandbox.ports import ActionResult, Snapshot, Used, WaitedSeconds
from sanca.python_runtime.sandbox.results import (
    Stop,
    answers_to,
    lost_result,
    read_restored,
    read_result,
    read_snapshot,
)
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.streams import Incoming, Pipe, open_pipe, write_and_close
from sanca.python_runtime.sandbox.wire import MessageReader, send_message

_CODE_BYTES = 1 << 20
_CORES = os.cpu_count() or 1
_GRACE_SECONDS = 0.3
_CANCEL_GRACE_SECONDS = 0.08
_INTERRUPTS = 3
"""How often an action is asked to end before it is killed: the first may end in a `finally` that goes on."""
_KILL_SECONDS = 2.0
_FOLDER_CHECK_SECONDS = 0.1
_COUNTING_SHARE = 4
"""Of the time, at most one part in so many is spent counting a folder."""
SNAPSHOT_BYTES = 32 << 20
SNAPSHOT_SECONDS = 10.0
_SNAPSHOT_FRAME_BYTES = 1 << 20
"""What the actions' code and the list of names may add to the names themselves."""


class NamespaceSession:
    """See `SandboxSession`. Made by `NamespaceSandbox.spawn`."""

    folder_check_seconds = _FOLDER_CHECK_SECONDS
    """How often is counted what the kernel does not bound."""
    end_seconds = 0.0
    """How long the first process may take to end what is left when it is told to; 0: the kernel does it at once."""

    def __init__(
        self,
        forked: ForkedSession,
        settings: SandboxSettings,
        *,
        hash_seed: int,
        on_closed: Callable[[NamespaceSession], None],
    ) -> None:
        self._hash_seed = hash_seed
        self._names_lost = False
        self._on_closed = on_closed
        self._thread = threading.get_ident()
        self._control = forked.control
        self._tools = forked.tools
        self._pidfd = forked.pidfd
        self._settings = settings
        self._limits = forked.limits
        self._budget = SessionBudget(forked.limits)
        self._reader = MessageReader(forked.control)
        self._send_lock = anyio.Lock(fast_acquire=True)
        self._ended = anyio.Event()
        self._ended.set()
        self._round = 0
        self._stop_reason: Stop | None = None
        self._is_answered = True
        self._output_dir: Path | None = None
        self._alive = True
        self._closed = False

    @property
    def tool_socket(self) -> socket.socket:
        """The broker's end of the tool channel."""
        return self._tools

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def alive(self) -> bool:
        """Whether another action can be run."""
        return self._alive

    @property
    def names_lost(self) -> bool:
        """Whether the guest was replaced since the last `restore`: what was bound before is gone."""
        return self._names_lost

    @property
    def hash_seed(self) -> int:
        """PYTHONHASHSEED of its guest."""
        return self._hash_seed

    @property
    def used(self) -> Used:
        """What its actions have used; see `SandboxSession.used`."""
        return self._budget.used

    def carry_over(self, used: Used) -> None:
        """Count what was used before; see `SandboxSession.carry_over`."""
        self._budget.carry_over(used)

    async def attach(self, mounts: dict[str, int], output_dir: Path | None) -> None:
        """Attach mounts (path inside → descriptor) and remember the host's side of /output."""
        await send_message(self._control, {"do": "attach", "paths": list(mounts)}, list(mounts.values()))
        answer = await self._read_answer()
        if answer["error"]:
            raise SandboxError(f"The sandbox session could not attach its folders: {answer['error']}.")
        self._output_dir = output_dir

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
        limit_seconds = self._budget.cut(limit_seconds)
        clock = ActionClock(limit_seconds, waited_seconds)
        try:
            if (refusal := why_refused(code)) is not None:
                self._is_answered = True
                return ActionResult(status="refused", error=refusal)
            if (spent := self._budget.refusal()) is not None:
                self._is_answered, self._stop_reason = True, Stop("limit", spent, LimitExceededError.__name__)
                self._kill_first_process()
                raise EOFError  # the session is of no more use
            told = await self._perform(self._run_message(code, limit_seconds, toolkits, filename), clock)
            self._budget.spend(clock.seconds - clock.waited_seconds, told["cpu_seconds"])
            if self._stop_reason is None:
                self._stop_reason = self._too_full("/output") if told["is_full"] else await self._full_folder()
            return read_result(told, stop=self._stop_reason, seconds=clock.seconds, waited_seconds=clock.waited_seconds)
        except EOFError:
            self._alive, self._names_lost = False, True
            return lost_result(self._stop_reason, seconds=clock.seconds, waited_seconds=clock.waited_seconds)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stop_quietly()
            raise
        finally:
            self._ended.set()

    async def interrupt(self) -> None:
        """End the running action; see `SandboxSession.interrupt`."""
        if self._ended.is_set() or not self._alive:
            return
        number, ended = self._round, self._ended
        self._stop_reason = self._stop_reason or Stop("killed", "The action was stopped.")
        for _ in range(_INTERRUPTS):
            await self._tell("interrupt", number)
            with anyio.move_on_after(_CANCEL_GRACE_SECONDS / _INTERRUPTS):
                await ended.wait()
                return
        await self._tell("kill", number)

    async def snapshot(self, *, limit_bytes: int = SNAPSHOT_BYTES, limit_seconds: float = SNAPSHOT_SECONDS) -> Snapshot:
        """Return the names that can be kept; see `SandboxSession.snapshot`."""
        self._begin()
        incoming = Incoming(limit_bytes + _SNAPSHOT_FRAME_BYTES)
        request = {"names": "take", "limit_bytes": limit_bytes, "limit_seconds": limit_seconds}
        with open_pipe() as pipe:
            os.set_blocking(pipe.reading, False)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(incoming.read, pipe.reading)
                told = await self._move_names(request, limit_seconds, pipe, pipe.writing)
                with anyio.move_on_after(_KILL_SECONDS):
                    await incoming.ended.wait()
                tasks.cancel_scope.cancel()
        return read_snapshot(told, incoming.data)

    async def restore(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Bring names back; see `SandboxSession.restore`."""
        self._begin()
        with open_pipe() as pipe:
            os.set_blocking(pipe.writing, False)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(write_and_close, pipe, snapshot.data)
                told = await self._move_names({"names": "bring"}, SNAPSHOT_SECONDS, pipe, pipe.reading)
                tasks.cancel_scope.cancel()
        lost = read_restored(told, snapshot.kept)
        self._names_lost = told is None
        return lost

    async def close(self) -> None:
        """End every process of the session; see `SandboxSession.close`."""
        if self._closed:
            return
        if threading.get_ident() != self._thread:
            self._kill_first_process()  # its own loop sees the end and closes it
            return
        self._closed, self._alive = True, False
        if self.end_seconds:
            await self._end_gently()
        with anyio.CancelScope(shield=True), anyio.move_on_after(_KILL_SECONDS):
            self._kill_first_process()
            # Readable once the kernel has ended every process of the pid namespace.
            await anyio.wait_readable(self._pidfd)
            await self._ended.wait()
        self._control.close()
        self._tools.close()
        os.close(self._pidfd)
        self._on_closed(self)

    async def _end_gently(self) -> None:
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with anyio.CancelScope(shield=True), anyio.move_on_after(self.end_seconds):
            await anyio.wait_readable(self._pidfd)

    def _begin(self) -> None:
        if not self._alive:
            raise SandboxError("The sandbox session has ended; start a new one.")
        if not self._ended.is_set():
            raise SandboxError("The sandbox session is running an action already.")
        self._ended = anyio.Event()
        self._stop_reason = None
        self._is_answered = False
        self._round += 1

    def _run_message(self, code: str, limit_seconds: float, toolkits: Sequence[str], filename: str) -> dict[str, Any]:
        # Waiting uses no processor, so this bound holds however long an approval takes.
        cpu_seconds = self._budget.cut_cpu(math.ceil(limit_seconds * _CORES) + 1)
        folder = "/output" if self._output_dir is not None else "/tmp"  # noqa: S108 - inside the sandbox
        action = {"code": code, "toolkits": list(toolkits), "filename": filename, "folder": folder}
        return {"do": "run", "round": self._round, "cpu_seconds": cpu_seconds, "action": action}

    async def _perform(
        self, message: dict[str, Any], clock: ActionClock, descriptors: list[int] | None = None
    ) -> dict[str, Any]:
        """Return what the first process tells about a round; EOFError when the session is lost."""
        key = message["action"]["key"] = secrets.token_hex(8)
        await self._send(message, descriptors)
        told = await self._wait(clock)
        if told["end"] == "reply" and not answers_to(told, key):
            # The guest, or what an earlier action left running in it, forged an answer and may run on: nothing it
            # holds is worth keeping.
            self._kill_first_process()
            raise EOFError
        return told

    async def _move_names(
        self, request: dict[str, Any], limit_seconds: float, pipe: Pipe, guests_end: int
    ) -> dict[str, Any] | None:
        """Have the guest take its names out or bring them back; None when it could not even answer."""
        clock = ActionClock(limit_seconds + _GRACE_SECONDS, None)
        message = {"do": "run", "round": self._round, "cpu_seconds": math.ceil(limit_seconds) + 1, "action": request}
        try:
            told = await self._perform(message, clock, [guests_end])
            pipe.close(guests_end)
        except EOFError:
            self._alive, self._names_lost = False, True
            return None
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stop_quietly()
            raise
        else:
            return told
        finally:
            self._ended.set()

    async def _wait(self, clock: ActionClock) -> dict[str, Any]:
        """Return what the first process tells about the round, ending the action when its time is up."""
        pause = self.folder_check_seconds
        while (left := await clock.left()) > 0:
            with anyio.move_on_after(min(left, pause if self._counted_folders() else left)):
                return await self._read_round()
            counting = time.monotonic()
            if (full := await self._full_folder()) is not None:
                self._stop_reason = full
                return await self._stop(_CANCEL_GRACE_SECONDS)  # it may be writing on
            pause = max(self.folder_check_seconds, _COUNTING_SHARE * (time.monotonic() - counting))
        sentence = f"The action used up its {clock.limit_seconds:g} seconds."
        self._stop_reason = self._stop_reason or Stop("timeout", sentence, ActionTimeoutError.__name__)
        return await self._stop(_GRACE_SECONDS)

    async def _stop(self, grace_seconds: float) -> dict[str, Any]:
        for _ in range(_INTERRUPTS):
            await self._tell("interrupt", self._round)
            with anyio.move_on_after(grace_seconds / _INTERRUPTS):
                return await self._read_round()
        await self._tell("kill", self._round)
        with anyio.move_on_after(_KILL_SECONDS):
            return await self._read_round()
        self._kill_first_process()
        raise EOFError

    async def _stop_quietly(self) -> None:
        if self._is_answered:
            return
        try:
            await self._stop(_CANCEL_GRACE_SECONDS)
        except (EOFError, OSError, SandboxError):
            self._alive = False
            self._kill_first_process()

    async def _read_answer(self) -> dict[str, Any]:
        try:
            with anyio.fail_after(self._settings.start_seconds):
                answer: dict[str, Any] = await self._reader.read()
        except (EOFError, TimeoutError):
            raise SandboxError("The sandbox session ended before it began; look at the system's memory.") from None
        return answer

    async def _read_round(self) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = await self._reader.read()
            if told["round"] == self._round:
                self._is_answered = True
                self._names_lost = self._names_lost or told["names_lost"]
                return told

    async def _tell(self, what: str, number: int) -> None:
        try:
            await self._send({"do": what, "round": number})
        except EOFError:
            self._alive = False  # whoever reads sees the end of the session too

    async def _send(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        # Shielded as a whole: after a cancellation the first process is told to stop what it was surely told to run.
        with anyio.CancelScope(shield=True):
            async with self._send_lock:
                try:
                    await send_message(self._control, message, descriptors)
                except ConnectionError as error:
                    raise EOFError from error

    def _counted_folders(self) -> dict[str, tuple[Path, int]]:
        """Return the folders to count: name inside → folder on the host, megabytes it may hold."""
        if self._output_dir is None:
            return {}
        return {"/output": (self._output_dir, self._limits.output_folder_megabytes)}

    async def _full_folder(self) -> Stop | None:
        for name, (folder, megabytes) in self._counted_folders().items():
            if await is_over_limit(folder, megabytes):
                return self._too_full(name)
        return None

    def _too_full(self, name: str) -> Stop:
        sentence = (
            f"{name} holds more than {self._counted_folders()[name][1]} MB or {MOST_ENTRIES:,} files, also such as were"
            f" deleted and are still open, or folders that are closed or more than {MOST_DEPTH} deep; delete some."
        )
        return Stop("limit", sentence, LimitExceededError.__name__)

    def _kill_first_process(self) -> None:
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return


def why_refused(code: str) -> str | None:
    """Return why an action is not even begun, in a sentence; None when it is."""
    try:
        length = len(code.encode())
    except UnicodeEncodeError:
        return "The action contains a character that is not valid Unicode text."
    if length > _CODE_BYTES:
        return f"The action is {length:,} bytes long; at most {_CODE_BYTES:,} are allowed."
    return None
