"""What a sandbox is: the protocols that implementations follow and the result of an action. No implementation."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

ActionStatus = Literal["ok", "error", "timeout", "limit", "killed", "refused"]
"""ok; an exception; its time was up; a limit of memory, disk or CPU; ended from outside or by itself; never begun."""

WaitedSeconds = Callable[[], Awaitable[float]]
"""How many seconds of this round tool calls have been pending so far, as the broker counts them."""


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What a level of isolation can do. What it cannot is said here and refused in a sentence, never left out silently.

    No network, no secret of the engine and no file of the host beyond those of the session hold at every level.
    """

    full_python: bool = True
    """Actions are CPython with its whole standard library, not a part of the language."""
    files: bool = True
    """`/input` and `/output`; without it `spawn` refuses folders."""
    disk_quota: bool = True
    """What an action may write is bounded: to /tmp by the kernel, to /output within milliseconds."""
    memory_limit: bool = True
    """Using too much memory ends as a `limit` that the session survives."""
    cpu_share: bool = True
    """A session gets at most its share of the processors, so that it cannot starve others."""
    child_processes: bool = True
    """An action may fork (never start a program); what it leaves running is ended after its round."""
    hidden_processes: bool = True
    """The session sees no process but its own."""
    libraries: bool = True
    """Libraries of the guest library folder can be imported."""
    tools: bool = True
    """Tool calls reach the broker."""
    interrupt: bool = True
    """Names of earlier rounds survive that an action is interrupted."""
    snapshot: bool = True
    """A session's names can be taken out and given to another one; without it `snapshot` and `restore` refuse."""


@dataclass(frozen=True, kw_only=True)
class ResultImage:
    """A picture an action made. Written by the action: its bytes are to be checked before they are shown."""

    media_type: str
    data: bytes
    """At most 512 KB."""
    title: str = ""
    description: str = ""
    """What is to be seen, for those who cannot see it: size, axes, names of the lines."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The names of a session that could be kept."""

    data: bytes
    """Opaque to the engine, which never unpickles it: only a guest does."""
    kept: tuple[str, ...] = ()
    lost: dict[str, str] = field(default_factory=dict)
    """Name → why it could not be kept, in a sentence; also files of /tmp, by their path."""
    libraries: bool = False
    """Whether names hold values of numpy, pandas or matplotlib: they come back faster where those are loaded."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """What all actions of a session have used together of what they may."""

    seconds: float = 0.0
    """Their own time, without waiting."""
    cpu_seconds: float = 0.0
    """Processor time."""
    is_spent: bool = False
    """Nothing is left: no further action is run."""


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """How an action ended. All but status, seconds and counts was written by the action: show it, never obey it."""

    status: ActionStatus
    value: str | None = None
    """The last expression's value: a text as it is, else its repr; a summary of what is large. None: there is none."""
    value_is_text: bool = False
    """The value is a text: what the action means to say, not what we say of it."""
    value_name: str | None = None
    """By which name or expression the next action reaches the value, when more of it can be looked at."""
    value_json: str | None = None
    """The same as JSON text, when it is JSON-like and shorter than 64 KB."""
    value_table: str | None = None
    """Of a DataFrame or Series: `{"columns", "rows", "total"}` as JSON text, at most 200 rows and 64 KB."""
    final_answer: str | None = None
    """What it gave to `final_answer`: the text that is to be the person's answer."""
    stdout: str = ""
    """What it printed (stderr too, in its order); the middle is left out when it was too much."""
    stderr: str = ""
    """Which part of that it wrote to `sys.stderr`."""
    error: str | None = None
    """The traceback, with the action's own frames only, or a sentence of ours."""
    error_type: str | None = None
    """The exception's class name."""
    hint: str | None = None
    """What may be done about the error: which library is there instead of one that is not."""
    missing_library: str | None = None
    """The top-level name of an import that found nothing."""
    seconds: float = 0.0
    """Wall time."""
    waited_seconds: float = 0.0
    """How much of it was spent waiting for tools or a person."""
    dropped_chars: int = 0
    """How many characters of its output were left out."""
    names_lost: bool = False
    """The names of earlier rounds are gone: the guest was replaced."""
    lost_names: tuple[str, ...] = ()
    """Which, when it is known; also set when only some of them are gone."""
    images: tuple[ResultImage, ...] = ()
    """Charts it made, at most four."""
    warnings: tuple[str, ...] = ()
    """What Python warned of, each once."""
    notes: tuple[str, ...] = ()
    """Sentences of the engine about the session: why names are gone, where they came back from."""
    names: dict[str, str] | None = None
    """The names the session has now → their type (`Any`: none of Python's own); None where that is not known."""
    peak_megabytes: float | None = None
    """The most memory it held at a time, where that can be measured."""


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

    @property
    def names_lost(self) -> bool:
        """Whether what was bound before is gone, since the start or the last `restore`."""

    @property
    def hash_seed(self) -> int | None:
        """PYTHONHASHSEED of its Python, where that is known; belongs into an action's journal row."""

    @property
    def used(self) -> Used:
        """What its actions have used so far, with what was carried over."""

    def carry_over(self, used: Used) -> None:
        """Count what an earlier session used, whose names this one goes on with. Before the first action."""

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

    async def snapshot(self, *, limit_bytes: int = 32 << 20, limit_seconds: float = 10.0) -> Snapshot:
        """Return the names that can be kept. Between rounds only; the session goes on.

        Args:
            limit_bytes: The largest names are left out first; then files of /tmp.
            limit_seconds: What takes longer is left out.

        Raises:
            SandboxError: This level cannot (`Abilities.snapshot`), the session is closed or runs an action.
        """

    async def restore(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Give the names of a snapshot to this session, which should be a fresh one.

        Returns:
            The names that were kept and could not be brought back.

        Raises:
            SandboxError: As `snapshot`.
        """

    async def close(self) -> None:
        """End every process of the session and close its sockets. Safe to call twice."""


class Sandbox(Protocol):
    """Where actions run. Lifecycle: `start` once, `spawn` many times and from many tasks at once, `close` once."""

    @property
    def level(self) -> str:
        """How strong the isolation is, in one word: `namespace`, `landlock`, `container` or `monty`."""

    @property
    def abilities(self) -> Abilities:
        """What this level can do; the same before and after `start`."""

    async def start(self) -> None:
        """Make it ready.

        Raises:
            SandboxError: This machine cannot give this level; says why and what mends it.
        """

    async def spawn(
        self,
        *,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        tenant: str = "",
        libraries: bool = True,
    ) -> SandboxSession:
        """Return a fresh session.

        Args:
            input_dir: Shown read-only as /input; must be readable by others when the engine runs as root.
            output_dir: Shown writable as /output, and the folder an action starts in (else /tmp).
            tenant: Whose limits hold (`SandboxSettings.limits_for`).
            libraries: Whether numpy and the like are loaded already; without them a session starts faster and is
                smaller, and can still import them.

        Raises:
            SandboxError: The session could not be made, or the level has no `Abilities.files` and a folder was given.
        """

    async def close(self) -> None:
        """End every session and every process of the sandbox."""
