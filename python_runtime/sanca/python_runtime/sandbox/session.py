"""A sandbox session as the engine holds it: runs actions, keeps names and brings them back. Ending: its control."""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from sanca.core.errors import LimitExceededError, SandboxError
from sanca.python_runtime.sandbox.budget import SessionBudget
from sanca.python_runtime.sandbox.clock import ActionClock
from sanca.python_runtime.sandbox.launcher import ForkedSession
from sanca.python_runtime.sandbox.ports import ActionResult, Snapshot, Used, WaitedSeconds
from sanca.python_runtime.sandbox.results import Stop, lost_result, read_restored, read_result, read_snapshot
from sanca.python_runtime.sandbox.session_control import GRACE_SECONDS, KILL_SECONDS, SessionControl
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.streams import Incoming, Pipe, open_pipe, write_and_close
from sanca.python_runtime.sandbox.wire import send_message

_CODE_BYTES = 1 << 20
_CORES = os.cpu_count() or 1
SNAPSHOT_BYTES = 32 << 20
SNAPSHOT_SECONDS = 10.0
_SNAPSHOT_FRAME_BYTES = 1 << 20
"""What the actions' code and the list of names may add to the names themselves."""


class NamespaceSession(SessionControl):
    """See `SandboxSession`. Made by `NamespaceSandbox.spawn`."""

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
        super().__init__(forked, settings)
        self._hash_seed = hash_seed
        self._on_closed = on_closed
        self._thread = threading.get_ident()
        self._tools = forked.tools
        self._budget = SessionBudget(forked.limits)

    @property
    def tool_socket(self) -> socket.socket:
        """The broker's end of the tool channel."""
        return self._tools

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
            self._end()

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
                with anyio.move_on_after(KILL_SECONDS):
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
        with anyio.CancelScope(shield=True), anyio.move_on_after(KILL_SECONDS):
            self._kill_first_process()
            # Readable once the kernel has ended every process of the pid namespace.
            await anyio.wait_readable(self._pidfd)
            await self._wait_ended()
        self._control.close()
        self._tools.close()
        os.close(self._pidfd)
        self._on_closed(self)

    async def _end_gently(self) -> None:
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        with anyio.CancelScope(shield=True), anyio.move_on_after(self.end_seconds):
            await anyio.wait_readable(self._pidfd)

    def _run_message(self, code: str, limit_seconds: float, toolkits: Sequence[str], filename: str) -> dict[str, Any]:
        # Waiting uses no processor, so this bound holds however long an approval takes.
        cpu_seconds = self._budget.cut_cpu(math.ceil(limit_seconds * _CORES) + 1)
        folder = "/output" if self._output_dir is not None else "/tmp"  # noqa: S108 - inside the sandbox
        action = {"code": code, "toolkits": list(toolkits), "filename": filename, "folder": folder}
        return {"do": "run", "round": self._round, "cpu_seconds": cpu_seconds, "action": action}

    async def _move_names(
        self, request: dict[str, Any], limit_seconds: float, pipe: Pipe, guests_end: int
    ) -> dict[str, Any] | None:
        """Have the guest take its names out or bring them back; None when it could not even answer."""
        clock = ActionClock(limit_seconds + GRACE_SECONDS, None)
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
            self._end()


def why_refused(code: str) -> str | None:
    """Return why an action is not even begun, in a sentence; None when it is."""
    try:
        length = len(code.encode())
    except UnicodeEncodeError:
        return "The action contains a character that is not valid Unicode text."
    if length > _CODE_BYTES:
        return f"The action is {length:,} bytes long; at most {_CODE_BYTES:,} are allowed."
    return None
