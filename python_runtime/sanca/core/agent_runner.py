"""What a door needs of the engine: start, follow, answer, cancel and list runs. Protocol and data; no implementation.

A2A tasks, MCP tasks and AG-UI runs are views of the same runs: same gate, journal, budget and owner check. The engine's
implementation is `sanca.python_runtime.doors.runner`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sanca.core.messages import Caller, Usage
from sanca.core.tools import CallOutcome, ToolkitDefinition

RunStatusWord = Literal["queued", "held", "running", "needs_input", "done", "failed", "cancelled", "interrupted"]
OVER: frozenset[RunStatusWord] = frozenset({"done", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class PendingAsk:
    """What a run waits for: a person's approval, a form's values, the answer to a question."""

    id: str
    kind: Literal["approval", "form", "question"]
    message: str
    response_schema: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of an object: `approved, reason` of an approval, `value` of a question, a form's fields."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Of an approval `toolkit, tool, argumentsJson, effect, undo`."""
    card: Sequence[Mapping[str, Any]] | None = None
    """A2UI operations of a form."""


@dataclass(frozen=True)
class RunFile:
    """A file that came in with a run or that its actions wrote."""

    file_id: str
    session_id: str
    name: str
    media_type: str
    size_bytes: int
    direction: Literal["input", "output"] = "output"


@dataclass(frozen=True)
class RunView:
    """A run as a door may show it."""

    run_id: str
    session_id: str
    status: RunStatusWord
    message: str
    """What was asked."""
    message_id: str = ""
    channel: str = ""
    """How it came in: chat, api, cli, a2a, mcp."""
    answer: str = ""
    error: str = ""
    started_at: str = ""
    """ISO 8601, UTC."""
    updated_at: str = ""
    """When its status last changed; ISO 8601, UTC."""
    ask: PendingAsk | None = None
    """Set while the status is needs_input."""
    files: Sequence[RunFile] = ()
    cards: Sequence[Mapping[str, Any]] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    usage: Sequence[Usage] = ()
    seconds: float = 0.0
    calls: int = 0
    last_seq: int = 0
    """The number of its newest event."""

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self.status in OVER


@dataclass(frozen=True)
class RunPage:
    """Some of a caller's runs, the one that changed last first."""

    runs: Sequence[RunView]
    total: int
    next: str = ""
    """Where the next page begins; empty: there is none. Opaque, and still right when runs were added meanwhile."""


@dataclass(frozen=True)
class RunEvent:
    """One numbered AG-UI event of a run, as docs/reference/contracts.md, section 5 has it."""

    run_id: str
    seq: int
    json: str
    last: bool = False
    """Nothing follows in this stream: the run is over, or waits for a person."""


@dataclass(frozen=True)
class NewRun:
    """What starts a run."""

    message: str
    session_id: str = ""
    """Empty: a new session."""
    run_id: str = ""
    """Empty: one is made. An id that exists gives the run that exists."""
    message_id: str = ""
    agui_run_id: str = ""
    file_ids: Sequence[str] = ()
    data: Any = None
    """Structured data handed over with the message; lies as JSON under /input and is named to the model."""
    sender: str = ""
    """The agent or client that asks, in its own words."""
    rest: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the engine's `RunRequest` (click, page, action_code, replaces_message_id …)."""


class AgentRunner(Protocol):
    """The engine, as a door sees it. Every method is for the caller's own runs only; what is another's is not there.

    Raises everywhere: `NotFoundError`, `BadRequestError`, `NotWaitingError` (`core.errors`, all of them a RefusedError)
    or another `SancaError`, with one sentence; `core.door_errors.status_of` tells which status that is on a wire.
    """

    async def start(self, caller: Caller, new: NewRun) -> RunView:
        """Take a run in; it works whether or not anybody follows it."""

    def follow(self, caller: Caller, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """Yield the events after a number, then live ones, until the run is over or waits for a person.

        Raises:
            SancaError: There is no such run of the caller.
        """

    def follow_session(
        self, caller: Caller, session_id: str, after_run_id: str = "", after_seq: int = 0
    ) -> AsyncIterator[RunEvent]:
        """Yield the events of a session's runs in order, or those after one event, then live ones.

        Ends when nothing is under way: all runs are over, or one waits for a person. A run held behind that one's
        question is in a whole replay only, with number 0: its events come again with their numbers.

        Raises:
            SancaError: There is no such run in this session of the caller.
        """

    async def answer(
        self,
        caller: Caller,
        run_id: str,
        ask_id: str,
        *,
        approved: bool,
        reason: str = "",
        value: Any = None,
        agui_run_id: str = "",
    ) -> int:
        """Answer what a run waits for; returns the number after which the events that follow begin."""

    async def cancel(self, caller: Caller, run_id: str) -> RunView:
        """Stop a run for good; returns when nothing of it leaves any more."""

    async def get(self, caller: Caller, run_id: str) -> RunView:
        """Return a run as it stands."""

    async def list(
        self,
        caller: Caller,
        *,
        session_id: str = "",
        statuses: Collection[RunStatusWord] = (),
        channel: str = "",
        since: str = "",
        after: str = "",
        limit: int = 50,
    ) -> RunPage:
        """Return the caller's runs, the one that changed last first.

        Args:
            caller: Whose.
            session_id: Of one session; empty: of all.
            statuses: Only those; empty: all.
            channel: Only those that came in so; empty: all.
            since: Only those that changed at or after this time; ISO 8601.
            after: `RunPage.next` of the page before.
            limit: 1 to 100.
        """

    async def put_file(self, caller: Caller, session_id: str, name: str, media_type: str, data: bytes) -> RunFile:
        """Put a file into a session (made when it does not exist), to be named in `NewRun.file_ids`."""

    async def read_file(self, caller: Caller, file_id: str) -> tuple[RunFile, bytes]:
        """Return a file of the caller's."""

    async def skills(self, caller: Caller) -> Sequence[Mapping[str, str]]:
        """Return `name, title_en, title_zh, example_en, example_zh` of what it can do without a model."""

    async def toolkits(self, caller: Caller) -> Sequence[ToolkitDefinition]:
        """Return the toolkits as of now."""

    async def call_tool(
        self, caller: Caller, session_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome | RunView:
        """Pass one call through the gate, as a run of its own without a model: same rights, policy, budget, journal.

        Returns:
            The envelope, or, when a person has to agree first, the run that waits: `answer` it, then `get` it; its
            answer is the envelope in JSON.
        """
