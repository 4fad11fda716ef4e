"""What a sandbox is: the protocols that implementations follow and the result of an action. No implementation."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

ActionStatus = Literal["ok", "error", "timeout", "limit", "killed", "refused"]
"""ok; an exception; its time was up; a limit of memory, disk or CPU; ended from outside or by itself; never begun."""

WaitedSeconds = Callable[[], Awaitable[float]]
"""How many seconds of this round tool calls have been pending so far, as the broker counts them."""


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """How an action ended. All but status, seconds and counts was written by the action: show it, never obey it."""

    status: ActionStatus
    value: str | None = None
    """The last expression's value: a text as it is, else its repr; None when there is none."""
    value_json: str | None = None
    """The same as JSON text, when it is JSON-like and shorter than 64 KB."""
    stdout: str = ""
    """What it printed (stderr too); the middle is left out when it was too much."""
    error: str | None = None
    """The traceback, with the action's own frames only, or a sentence of ours."""
    error_type: str | None = None
    """The exception's class name."""
    seconds: float = 0.0
    """Wall time."""
    waited_seconds: float = 0.0
    """How much of it was spent waiting for tools or a person."""
    dropped_chars: int = 0
    """How many characters of its output were left out."""
    names_lost: bool = False
    """The names of earlier rounds are gone: the guest was replaced."""


class SandboxSession(Protocol):
    """One session's namespace: names bound in a round live on in the next.

    Lifecycle: from `Sandbox.spawn`; `run` many times, one after the other; `close` once. On cancellation `run` ends the
    action at once (within 200 ms) and the session can be used again; names live on if the action could be interrupted.
    """

    @property
    def tool_socket(self) -> socket.socket:
        """The broker's end of the tool channel (SEQPACKET), handed over by descriptor; may be closed after that."""

    @property
    def alive(self) -> bool:
        """Whether another action can be run."""

    async def run(
        self,
        code: str,
        *,
        limit_seconds: float,
        toolkits: Sequence[str],
        filename: str = "<action>",
        waited_seconds: WaitedSeconds | None = None,
    ) -> ActionResult:
        """Run one action and return how it ended; every ending is a result.

        Args:
            code: Python; at most 1 MB.
            limit_seconds: The action's own time: wall time less what `waited_seconds` says.
            toolkits: Names of the toolkits the action finds, dotted ones nest.
            filename: What the compiler calls the action; tracebacks show `action`.
            waited_seconds: Asked when the time seems to be up; None: nothing is waited for.

        Raises:
            SandboxError: The session is closed, or runs an action already.
        """

    async def interrupt(self) -> None:
        """End the running action; its `run` returns with status `killed`. Does nothing when none runs."""

    async def close(self) -> None:
        """End every process of the session and close its sockets. Safe to call twice."""


class Sandbox(Protocol):
    """Where actions run. Lifecycle: `start` once, `spawn` many times and from many tasks at once, `close` once."""

    @property
    def level(self) -> str:
        """How strong the isolation is, in one word: `namespace`."""

    async def start(self) -> None:
        """Make it ready.

        Raises:
            SandboxError: This machine cannot give this level; says why and what mends it.
        """

    async def spawn(self, *, input_dir: Path | None = None, output_dir: Path | None = None) -> SandboxSession:
        """Return a fresh session.

        Args:
            input_dir: Shown read-only as /input; must be readable by others when the engine runs as root.
            output_dir: Shown writable as /output, and the folder an action starts in (else /tmp).

        Raises:
            SandboxError: The session could not be made.
        """

    async def close(self) -> None:
        """End every session and every process of the sandbox."""
