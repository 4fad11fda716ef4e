"""What a run did, as learning looks at it: its message, its actions, their calls and how it came out. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sanca.core.errors import SancaError
from sanca.core.ports import Entities

Use = Literal["fast_path", "example", "none"]
"""fast_path: it serves a message by itself. example: a model is shown it. none: it is only kept, to be looked at."""


class NotLearnedError(SancaError):
    """Nothing is to be learned from this run; says why in one sentence that a person may read."""


@dataclass(frozen=True)
class SeenCall:
    """A tool call of an action."""

    name: str
    """`toolkit.tool`."""
    effect: str = "READ"
    ok: bool = True

    @property
    def had_effect(self) -> bool:
        """Whether it has changed something."""
        return self.ok and self.effect != "READ"


@dataclass(frozen=True)
class Deed:
    """An action of a run and what came of it."""

    code: str
    ok: bool = True
    calls: tuple[SeenCall, ...] = ()
    observation: str = ""
    """What the action gave: data from outside, not to be believed."""


@dataclass(frozen=True)
class Taught:
    """A run that came out well."""

    run_id: str
    message: str
    """In the person's own words, as they were understood; never words of another agent, page or file."""
    deeds: tuple[Deed, ...]
    by: Literal["model", "person"] = "model"
    """Who wrote the actions."""
    language: str = "en"
    scenario: str = ""
    entities: Entities = field(default_factory=dict)
    toolkits: frozenset[str] = frozenset()
    """Names of the toolkits there are."""
    tool_words: str = ""
    """What the tools' own descriptions say; a word of theirs is nothing that was seen."""
    points_back: bool = False
    """The message means data or words of earlier messages, which another message will not have."""
    read_outside: bool = False
    """Its last action was written after strangers' words were read: what it does may be their idea."""
    evidence: tuple[str, ...] = ()
    """Calls that the answer rests on, in words."""
    title: str = ""
    """As the person named it; empty: made from the message."""


@dataclass(frozen=True)
class Skeleton:
    """A run's actions as one action that serves other messages of its kind."""

    code: str
    parameters: tuple[tuple[str, str], ...]
    """Names and kinds, in the order in which a message names them."""
    phrase: str
    """The message with `{kind}` in place of what the parameters stand for."""
    says: tuple[str, ...]
    """Words of the message that the action takes for granted: a message without them is another one."""
    use: Use
    why_not: str = ""
    """Why it is only an example."""
    writes: bool = False
    digest: str = ""
    """The same for actions that differ in names of variables only."""
