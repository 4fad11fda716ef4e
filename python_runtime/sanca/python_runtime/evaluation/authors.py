"""Who does a task: authors write actions, callers ask for tool calls. Protocols, and the sets' own solutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from sanca.core.messages import Usage
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.evaluation.suite import EvaluationTask
from sanca.python_runtime.sandbox import ActionResult


@dataclass
class Spent:
    """What the model calls of a task came to."""

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: float = 0.0
    currency: str = ""
    malformed: int = 0
    """Replies that could not be used."""

    def add(self, usage: Usage) -> None:
        """Count a reply."""
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cached_tokens += usage.cached_tokens
        self.cost += usage.cost
        self.currency = usage.currency or self.currency


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn begins with."""

    number: int
    message: str
    toolkits: Sequence[ToolkitDefinition] = ()
    """With the tools that are there in this turn."""


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A tool call that a model asked for."""

    id: str
    toolkit: str
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    """Why it cannot be made: no such tool, or arguments that are no JSON object."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What came of it."""

    call: WantedCall
    text: str
    """As the model reads it."""
    is_error: bool = False


class Participant(Protocol):
    """What authors and callers have in common. One task at a time; its turns come in order."""

    @property
    def name(self) -> str:
        """Whose work it is, for the results."""

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Take a turn's message. The first one begins a task, and what was kept of the one before is forgotten.

        Args:
            task: Its `messages` beyond this turn, its truth and its check are not to be looked at.
            turn: What the turn begins with.
        """

    def answer(self) -> str | None:
        """Return what it said at the end of the turn; None: nothing, what its last action gave is the answer."""

    @property
    def spent(self) -> Spent:
        """What the task has cost so far."""


@runtime_checkable
class Author(Participant, Protocol):
    """Writes the actions of tasks."""

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the next action for a turn's message; None when the turn is done.

        Args:
            task: As in `hear`.
            turn: Which, from 0.
            so_far: How the actions of this turn ended.
        """


@runtime_checkable
class Caller(Participant, Protocol):
    """Does tasks by tool calls, several at once where it likes."""

    async def next_calls(
        self, task: EvaluationTask, turn: int, so_far: Sequence[Sequence[CallAnswer]]
    ) -> Sequence[WantedCall]:
        """Return the next calls; none when the turn is done.

        Args:
            task: As in `hear`.
            turn: Which, from 0.
            so_far: The answers to each batch of this turn.
        """


class TruthAuthor:
    """Gives the set's own solutions."""

    name = "truth"

    @property
    def spent(self) -> Spent:
        """Nothing: no model is asked."""
        return Spent()

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Nothing to take: the solution is fixed."""

    def answer(self) -> str | None:
        """Let the last action's value be the answer."""
        return None

    async def next_action(self, task: EvaluationTask, turn: int, so_far: Sequence[ActionResult]) -> str | None:
        """Return the solution's next action, however those before ended."""
        return task.truth[turn][len(so_far)] if len(so_far) < len(task.truth[turn]) else None
