"""What planning hands around, as data: a planned sub-goal, a mark on one, a reply read as a plan. No rule is here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sanca.core.messages import Usage
from sanca.prompts import PlannedGoal

MarkKind = Literal["done", "continue", "abandon"]


@dataclass(frozen=True)
class GoalMark:
    """What a model says of a sub-goal, in one line of its reply."""

    goal_id: str
    kind: MarkKind
    reason: str = ""
    evidence: tuple[str, ...] = ()
    """Names, tools and call ids that it names; not yet looked up."""


@dataclass(frozen=True)
class Reply:
    """A model's whole reply, as it stood."""

    text: str
    model: str = ""
    finish_reason: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    """What the provider wants back with it."""
    usage: Usage | None = None
    is_for_all: bool = False
    """Whether the model knew, when it was asked, that its words may be the answer of the whole run."""


@dataclass(frozen=True)
class Plan:
    """A reply, read: what it says of the sub-goals, and what is to be done now."""

    goals: tuple[PlannedGoal, ...] = ()
    """Sub-goals it sets; empty: the list stays as it is."""
    marks: tuple[GoalMark, ...] = ()
    thought: str = ""
    code: str = ""
    answer: str = ""
    fault: str = ""
    """Why the reply cannot be used, for the model."""
    partial: str = ""
    """Of an action that the limit of length cut off: the code so far."""
    repairs: tuple[str, ...] = ()
    """What was mended in the reply, for the journal."""
