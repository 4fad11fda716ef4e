"""One call on its way through the gate: what is asked, who runs it, how it stands. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ToolError
from sanca.core.tools import CallOutcome, ToolDefinition
from sanca.python_runtime.broker.journal import Fact
from sanca.python_runtime.broker.records import CallStatusWord
from sanca.python_runtime.broker.run_state import RunState
from sanca.python_runtime.broker.shorten import shorten, summarize

if TYPE_CHECKING:
    from sanca.python_runtime.broker.call_streams import ItemSource, PieceSource
    from sanca.python_runtime.broker.catalog import ToolEntry

_NAME_CHARS = 160
_SHOWN_NAME_CHARS = 80


class Passage:
    """Made once a call; one thread at a time but for `record`, `cancel`, `abandon`. Plain, as thousands are made."""

    __slots__ = (
        "approved_by", "arguments", "arguments_json", "asked_since", "asks", "begun", "call_id", "entry", "is_resolved",
        "is_to_be_told", "number", "on_departure", "outcome", "person_seconds", "rest", "round", "run", "seconds",
        "status", "tool", "toolkit", "was_told",
    )  # fmt: skip

    def __init__(self, run: RunState, round_number: int, toolkit: str, tool: str) -> None:
        self.run = run
        self.call_id, self.number = run.begin_call()
        self.round = round_number
        # A name is what hostile code sent; of one that is no name, the beginning is kept.
        self.toolkit, self.tool = toolkit[:_NAME_CHARS], tool[:_NAME_CHARS]
        self.begun = time.monotonic()
        self.person_seconds = 0.0
        self.asks, self.asked_since = 0, 0.0
        self.entry: ToolEntry
        """The tool; set by `resolve`. Plain attributes, for they are looked at a dozen times a call."""
        self.is_resolved = False
        self.arguments: dict[str, Any] = {}
        self.arguments_json = "{}"
        self.approved_by: str | None = None
        self.on_departure: Callable[[Passage], None] | None = None
        self.status: CallStatusWord = "running"
        self.seconds = 0.0
        self.outcome: CallOutcome | None = None
        self.rest: ItemSource | PieceSource | None = None
        """Set by who runs the tool, when what it gave is to be read piece by piece."""
        self.was_told = self.is_to_be_told = False
        """Whether its record waits to be sent; what is sent is how the call then stands."""

    def resolve(self, entry: ToolEntry) -> None:
        """Take note which tool it is."""
        self.entry, self.is_resolved = entry, True

    @property
    def is_ordinary(self) -> bool:
        """Whether it is a read that has ended well."""
        return self.status == "ok" and self.is_resolved and not self.entry.is_effect

    @property
    def run_id(self) -> str:
        """Its run."""
        return self.run.context.run_id

    @property
    def name(self) -> str:
        """`toolkit.tool`."""
        return self.entry.name if self.is_resolved else f"{self.toolkit}.{self.tool}"

    @property
    def definition(self) -> ToolDefinition:
        """The tool's definition."""
        return self.entry.definition

    def note_departure(self) -> None:
        """Write down that it has left, the first time; best called while the tool works and nobody waits for this."""
        if (note := self.on_departure) is not None:
            self.on_departure = None
            note(self)

    def ended(self) -> CallOutcome:
        """Return how it ended.

        Raises:
            ToolError: It has not.
        """
        if self.outcome is None:
            raise ToolError("The call has not ended.")
        return self.outcome

    def elapsed(self) -> float:
        """Return the seconds since it came, without those a person took."""
        return time.monotonic() - self.begun - self.waited_for_person()

    def waited_for_person(self) -> float:
        """Return the seconds a person took so far, those of a question that is open now included."""
        return self.person_seconds + (time.monotonic() - self.asked_since if self.asks else 0.0)

    def begin_asking(self) -> None:
        """Stop the clock: a person is asked. Several questions at once stop it once."""
        with self.run.asking:
            self.asks += 1
            if self.asks == 1:
                self.asked_since, self.status = time.monotonic(), "waiting"

    def end_asking(self) -> None:
        """Let the clock go on, unless another question is open."""
        with self.run.asking:
            self.asks -= 1
            if self.asks == 0:
                self.person_seconds += time.monotonic() - self.asked_since
                self.status = "running"

    def cancel(self) -> None:
        """Tell the tool to stop."""
        self.entry.backend.cancel(self.call_id)

    def abandon(self) -> None:
        """Free the thread that waits for the tool, whatever the tool does."""
        self.entry.backend.abandon(self.call_id)

    def fact(self, kind: str, data: dict[str, Any]) -> Fact:
        """Return a row for the journal."""
        context = self.run.context
        return Fact(context.run_id, context.session_id, kind, time.time(), context.trace_id, data)

    def requested(self) -> dict[str, Any]:
        """Return what the journal keeps of the call as it leaves."""
        data = {
            "call_id": self.call_id,
            "toolkit": self.toolkit,
            "tool": self.tool,
            "arguments_json": self.arguments_json,
            "effect": self.entry.definition.effect,
            "round": self.round,
        }
        if self.approved_by:
            data["approved_by"] = self.approved_by
        return data

    def record(self) -> tuple[Any, ...]:
        """Return the fields of a `CallRecord` in their order, as the call stands now."""
        outcome = self.outcome
        return (
            self.run.context.run_id,
            self.call_id,
            self.toolkit[:_SHOWN_NAME_CHARS],
            self.tool[:_SHOWN_NAME_CHARS],
            self.entry.definition.effect.value if self.is_resolved else "READ",
            self.status,
            self.round,
            shorten(self.arguments),
            round(self.seconds, 6),
            summarize(outcome),
            outcome.error.kind if outcome is not None and outcome.error is not None else "",
        )
