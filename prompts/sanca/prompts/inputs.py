"""What a prompt is made from, as the engine gives it: plain data. Sizes and words are the builders' and templates'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sanca.core.messages import Message


@dataclass(frozen=True)
class Page:
    """Where the person is in the portal (sensory memory)."""

    url: str = ""
    title: str = ""
    selection: str = ""
    selected_before: str = ""
    """What was selected some minutes ago, when the message speaks of it."""


@dataclass(frozen=True)
class EarlierRound:
    """A round of this run that is over."""

    code: str
    """The action; empty when the reply was malformed."""
    observation: str
    """What came of it, or why the reply could not be used."""
    thought: str = ""
    reply: str = ""
    """The model's reply as it stood; sent back unchanged when given."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the provider gave with its reply and wants back (`ModelDelta.extra`)."""


@dataclass(frozen=True)
class Experience:
    """A skill that served a similar message, as an example and not as the answer."""

    title: str
    code: str
    """Empty: there are only warnings."""
    why: str = ""
    warnings: tuple[str, ...] = ()
    """What failed when something alike was asked, and why."""


@dataclass(frozen=True)
class Recalled:
    """Something from memory that fits the message."""

    text: str
    citation: str = ""
    """Where it is from and of when, as an answer names it."""
    doubt: str = ""
    """Why it may not hold any more, in a few words."""


@dataclass(frozen=True)
class Goal:
    """A sub-goal of the run, as a prompt lists it."""

    title: str
    status: str = "open"
    reason: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class PromptInputs:
    """The inference segment: everything one model request is made from. System, memory and user parts."""

    message: str
    """What the person asked, or the click or reply that woke the run, in words. Of a sub-goal: its title."""
    language: str = "en"
    """Language of the answer, BCP 47."""
    toolkits: str = ""
    """Type stubs of the toolkits, as text. Part of the system message, so it should not vary from run to run."""
    is_abridged: bool = False
    """Whether `toolkits` names some toolkits only in short."""
    tools: str = ""
    """Type stubs of tools that the message may need, of those that `toolkits` leaves out."""
    goal: str = ""
    """What is to be reached, when it differs from the message."""
    handed_over: str = ""
    """What a sub-goal is told of the others, and of the message."""
    goals: Sequence[Goal] = ()
    """The run's sub-goals and where they stand."""
    understood: Mapping[str, str] = field(default_factory=dict)
    """What perception made of the message: its meaning, what words point at, which data is meant and still there."""
    history: Sequence[Message] = ()
    """Earlier messages of the session, oldest first, without the current one."""
    preferences: Sequence[str] = ()
    """What the person wants at all times, and who they are: a sentence each."""
    knowledge: Sequence[Recalled] = ()
    """Pieces of the company's documents and code that fit the message."""
    recalled: Sequence[Recalled] = ()
    """What was said or learned in other sessions of this person and fits the message."""
    earlier: Sequence[Recalled] = ()
    """Of this session, before `history`: a summary, and what fits the message, oldest first."""
    page: Page | None = None
    files: Sequence[str] = ()
    """Names under /input."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Facts that rest during a run, for instance tenant, user, names of services: name → value."""
    now: Mapping[str, str] = field(default_factory=dict)
    """Facts that change from round to round, for instance the time: name → value. They stand last."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names bound in earlier rounds of the session → what they are (type and size)."""
    past: Sequence[str] = ()
    """Summaries of earlier rounds that are not among `rounds`, oldest first."""
    rounds: Sequence[EarlierRound] = ()
    """Earlier rounds of this run, or sub-goal, oldest first."""
    experience: Experience | None = None
    rounds_left: int | None = None
    """How many rounds the run still has, this one included."""
    advice: str = ""
    """How to go on, in the system's own words, never a person's or a tool's: the end, outside of all segments."""
    why_last: str = ""
    """Why nothing can be done any more, for a forced last answer: which budget is spent."""


@dataclass(frozen=True)
class JudgeInputs:
    """A claim, and what speaks for and against it."""

    goal: str
    claim: str
    evidence: Sequence[str] = ()
    """Calls as the journal has them, a line each, with how they ended."""
    observations: Sequence[str] = ()
    """What rounds showed, oldest first, and what was read anew to check the claim."""
    language: str = "en"


@dataclass(frozen=True)
class FimInputs:
    """An action around a gap that is to be filled."""

    before: str
    after: str = ""
    done: str = ""
    """What of `before`, from its start, has run already: it is shown, and not run again."""
    toolkits: str = ""
    """Type stubs of the toolkits, as text."""
    names: tuple[str, ...] = ()
    """Names bound in earlier rounds of the session."""
    failing: str = ""
    """What stood in the gap and failed."""
    error: str = ""
    """How it failed, in a line or a few."""

    @classmethod
    def of_unfinished(cls, code: str, *, toolkits: str = "", names: tuple[str, ...] = ()) -> FimInputs:
        """Return the inputs for an action that was cut off: its last line may be half, and is kept."""
        return cls(before=code, toolkits=toolkits, names=names)
