"""What was asked and how it stands: the record of one run. Data only; the queue is runs.py, the file run_store.py."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller, Usage

Source = Literal["message", "click", "form", "agent_reply", "schedule", "a2a", "mcp", "observation"]
"""What a percept comes from. An observation is no way for a run to begin."""


class RunStatus(StrEnum):
    """Where a run stands; `RunSummary.status` on the wire."""

    QUEUED = "queued"
    HELD = "held"
    """Waits because a run of the same session waits for a person."""
    RUNNING = "running"
    NEEDS_INPUT = "needs_input"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_live(self) -> bool:
        """Whether something may still happen."""
        return self in {RunStatus.QUEUED, RunStatus.HELD, RunStatus.RUNNING, RunStatus.NEEDS_INPUT}


class Click(BaseModel):
    """A person pressed something on a card."""

    model_config = ConfigDict(frozen=True)

    surface_id: str
    name: str
    context: dict[str, Any] = Field(default_factory=dict)


class PageContext(BaseModel):
    """What the person looks at; sensory memory of a run."""

    model_config = ConfigDict(frozen=True)

    url: str = ""
    title: str = ""
    selection: str = ""
    selected_before: str = ""
    """What was selected some minutes ago, when the message speaks of it."""
    time_zone: str = ""
    """The browser's, an IANA name: `Asia/Shanghai`."""
    takes_commands: bool = False
    """Whether it carries out page commands and acknowledges them."""


class RunRequest(BaseModel):
    """What starts a run: a message, a person's own action, a click, or an interrupted run to go on with."""

    model_config = ConfigDict(frozen=True)

    run_id: RunId
    session_id: SessionId
    caller: Caller
    agui_run_id: str
    message_id: str
    message: str = ""
    action_code: str = ""
    click: Click | None = None
    source: Source = "message"
    """What began the run, as far as its door told; a click and the caller's channel speak for themselves."""
    sender: str = ""
    """Which agent replied, or which schedule came due."""
    continue_run_id: str = ""
    already_done: str = ""
    """What the interrupted run had done, in words, when this one goes on with it."""
    page: PageContext | None = None
    file_ids: tuple[str, ...] = ()
    data_file: str = ""
    """The name under /input of structured data that came with the message."""
    replaces_message_id: str = ""

    @property
    def came_by(self) -> Source:
        """What the run's percept comes from."""
        if self.source != "message":
            return self.source
        if self.click is not None:
            return "click"
        return self.caller.channel if self.caller.channel in ("a2a", "mcp") else "message"

    @property
    def text(self) -> str:
        """The words shown as the user's message."""
        if self.action_code:
            return f"```python\n{self.action_code}\n```"
        if self.click is not None and not self.message:
            return f"({self.click.name})"
        if self.source == "agent_reply":  # never to be taken for the person's own words
            return f"({self.sender}) {self.message}"
        return self.message


class RunRecord(BaseModel):
    """A run as it stands. Changed only by the queue of runs, and written to the store at each change of status."""

    request: RunRequest
    status: RunStatus = RunStatus.QUEUED
    session_sequence: int = 0
    """1, 2, 3 … within the session, given at intake; the queue's priority, because clocks are too coarse for order."""
    legs: int = 0
    """How often it was put on the queue."""
    engine_id: str = ""
    """The engine incarnation that works on it; another one's work is over."""
    replaced: bool = False
    """The person edited an earlier message: the session shows this run no more."""
    started_at: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    updated_at: str = ""
    """When its status last changed; set by `note_status`."""
    answer: str = ""
    error: str = ""
    skill: str = ""
    seconds: float = 0.0
    calls: int = 0
    rounds: int = 0
    usage: list[Usage] = Field(default_factory=list)
    cards: list[dict[str, Any]] = Field(default_factory=list)
    evidence: dict[str, Any] = Field(default_factory=dict)
    """The calls that the answer rests on (expression/evidence.py)."""
    output_ids: list[str] = Field(default_factory=list)
    """The files that its actions handed over."""
    last_seq: int = 0
    """The number of its last event, once it is over."""
    _noted: RunStatus | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Take a stored record's status as noted."""
        if self.updated_at:
            self._noted = self.status

    def note_status(self) -> None:
        """Set the time of the last change when the status is another one than before; done before it is written."""
        if self._noted is not self.status:
            self._noted, self.updated_at = self.status, _now()

    @property
    def run_id(self) -> RunId:
        """The run's id."""
        return self.request.run_id

    @property
    def session_id(self) -> SessionId:
        """The session's id."""
        return self.request.session_id

    @property
    def is_live(self) -> bool:
        """Whether something may still happen."""
        return self.status.is_live

    def belongs_to(self, caller: Caller) -> bool:
        """Whether the caller may see it."""
        mine = self.request.caller
        return (mine.tenant, mine.user) == (caller.tenant, caller.user)


def _now() -> str:
    """Return the time, in UTC to the microsecond: lists of runs are sorted by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
