"""What the engine says to the first process of a session while something runs in it: begin, interrupt, kill.

One request at a time. What is run, and what becomes of the answer, is said in `session.py`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from sanca.core.errors import ActionTimeoutError, LimitExceededError, SandboxError
from sanca.python_runtime.sandbox.clock import ActionClock
from sanca.python_runtime.sandbox.fork_server.folder_size import MOST_DEPTH, MOST_ENTRIES
from sanca.python_runtime.sandbox.guest import frames
from sanca.python_runtime.sandbox.launcher import ForkedSession
from sanca.python_runtime.sandbox.output_folder import is_over_limit
from sanca.python_runtime.sandbox.results import Stop, answers_to
from sanca.python_runtime.sandbox.settings import SandboxSettings
from sanca.python_runtime.sandbox.wire import MessageReader, send_at_once, send_message

GRACE_SECONDS = 0.3
CANCEL_GRACE_SECONDS = 0.08
_INTERRUPTS = 3
"""How often an action is asked to end before it is killed: the first may end in a `finally` that goes on."""
KILL_SECONDS = 2.0
_FOLDER_CHECK_SECONDS = 0.1
_QUICK_MILLISECONDS = 1
"""So long the event loop waits for the end of a round, if the one before was as quick: to go on costs it as much."""
_TURN_SECONDS = 0.002
"""How often others get their turn between such rounds."""
_COUNTING_SHARE = 4
"""Of the time, at most one part in so many is spent counting a folder."""


class SessionControl:
    """The engine's side of a session's control socket; a session is one that also knows what to run."""

    folder_check_seconds = _FOLDER_CHECK_SECONDS
    """How often is counted what the kernel does not bound."""
    full_grace_seconds = GRACE_SECONDS
    """How long an action that filled a folder may take to end; its first process lets it write no more."""

    def __init__(self, forked: ForkedSession, settings: SandboxSettings) -> None:
        self._control = forked.control
        self._pidfd = forked.pidfd
        self._settings = settings
        self._limits = forked.limits
        self._reader = MessageReader(forked.control)
        self._send_lock = anyio.Lock(fast_acquire=True)
        self._is_running = False
        self._end_awaited: anyio.Event | None = None
        """Set at the end of what runs; made only for those who wait for it."""
        self._round = 0
        self._stop_reason: Stop | None = None
        self._is_answered = True
        self._was_quick = False
        self._next_turn = 0.0
        self._output_dir: Path | None = None
        self._names_lost = False
        self._alive = True
        self._closed = False

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

    async def interrupt(self) -> None:
        """End the running action; see `SandboxSession.interrupt`."""
        if not self._is_running or not self._alive:
            return
        number = self._round
        self._stop_reason = self._stop_reason or Stop("killed", "The action was stopped.")
        for _ in range(_INTERRUPTS):
            await self._tell("interrupt", number)
            with anyio.move_on_after(CANCEL_GRACE_SECONDS / _INTERRUPTS):
                await self._wait_ended()
                return
        await self._tell("kill", number)

    async def _wait_ended(self) -> None:
        if self._is_running:
            self._end_awaited = self._end_awaited or anyio.Event()
            await self._end_awaited.wait()

    def _end(self) -> None:
        self._is_running = False
        if self._end_awaited is not None:
            self._end_awaited.set()
            self._end_awaited = None

    def _begin(self) -> None:
        if not self._alive:
            raise SandboxError("The sandbox session has ended; start a new one.")
        if self._is_running:
            raise SandboxError("The sandbox session is running an action already.")
        self._is_running = True
        self._stop_reason = None
        self._is_answered = False
        self._round += 1

    async def _perform(
        self, message: dict[str, Any], clock: ActionClock, descriptors: list[int] | None = None
    ) -> dict[str, Any]:
        """Return what the first process tells about a round; EOFError when the session is lost."""
        self._was_quick = self._was_quick and not descriptors  # what goes through a pipe needs the loop
        key = os.urandom(8).hex()
        # Packed once more: the first process passes it on as it is.
        await self._send({**message, "action": frames.pack({**message["action"], "key": key})}, descriptors)
        told = await self._wait(clock)
        if told["end"] == "reply" and not answers_to(told, key):
            # The guest, or what an earlier action left running in it, forged an answer and may run on: nothing it
            # holds is worth keeping.
            self._kill_first_process()
            raise EOFError
        return told

    async def _wait(self, clock: ActionClock) -> dict[str, Any]:
        """Return what the first process tells about the round, ending the action when its time is up."""
        if (told := await self._read_soon()) is not None:
            return told
        pause = self.folder_check_seconds
        while (left := await clock.left()) > 0:
            with anyio.move_on_after(min(left, pause if self._counted_folders() else left)):
                return await self._read_round()
            counting = time.monotonic()
            if (full := await self._full_folder()) is not None:
                self._stop_reason = full
                return await self._stop(self.full_grace_seconds)
            pause = max(self.folder_check_seconds, _COUNTING_SHARE * (time.monotonic() - counting))
        sentence = f"The action used up its {clock.limit_seconds:g} seconds."
        self._stop_reason = self._stop_reason or Stop("timeout", sentence, ActionTimeoutError.__name__)
        return await self._stop(GRACE_SECONDS)

    async def _stop(self, grace_seconds: float) -> dict[str, Any]:
        for _ in range(_INTERRUPTS):
            await self._tell("interrupt", self._round)
            with anyio.move_on_after(grace_seconds / _INTERRUPTS):
                return await self._read_round()
        await self._tell("kill", self._round)
        with anyio.move_on_after(KILL_SECONDS):
            return await self._read_round()
        self._kill_first_process()
        raise EOFError

    async def _stop_quietly(self) -> None:
        if self._is_answered:
            return
        try:
            await self._stop(CANCEL_GRACE_SECONDS)
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

    async def _read_soon(self) -> dict[str, Any] | None:
        """Return the end of a round that takes no longer than a turn of the event loop, as the one before did."""
        if not self._was_quick:
            return None
        if (now := time.monotonic()) > self._next_turn:
            self._next_turn = now + _TURN_SECONDS
            await anyio.lowlevel.checkpoint()  # before the answer is taken, which is then surely looked at
        told: dict[str, Any] | None = self._reader.read_soon(_QUICK_MILLISECONDS)
        self._was_quick = told is not None
        return told if told is not None and self._is_of_round(told) else None

    async def _read_round(self) -> dict[str, Any]:
        begun = time.monotonic()
        while True:
            told: dict[str, Any] = await self._reader.read()
            if self._is_of_round(told):
                self._was_quick = (time.monotonic() - begun) * 1000 < _QUICK_MILLISECONDS
                return told

    def _is_of_round(self, told: dict[str, Any]) -> bool:
        if told["round"] != self._round:
            return False
        self._is_answered = True
        self._names_lost = self._names_lost or told["names_lost"]
        return True

    async def _tell(self, what: str, number: int) -> None:
        try:
            await self._send({"do": what, "round": number})
        except EOFError:
            self._alive = False  # whoever reads sees the end of the session too

    async def _send(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        if descriptors is None and not self._send_lock.locked() and self._send_at_once(message):
            return
        # Shielded as a whole: after a cancellation the first process is told to stop what it was surely told to run.
        with anyio.CancelScope(shield=True):
            async with self._send_lock:
                try:
                    await send_message(self._control, message, descriptors)
                except ConnectionError as error:
                    raise EOFError from error

    def _send_at_once(self, message: dict[str, Any]) -> bool:
        try:
            return send_at_once(self._control, message)
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
