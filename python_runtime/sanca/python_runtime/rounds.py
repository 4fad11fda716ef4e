"""The round loop: one pass of five zones after the other, until the run has an end or its budget is used up.

The loop knows neither models nor tools; the zones do. What they hand to each other is in `RunState` and `Round`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from sanca.core.messages import Message, SkillMatch, Usage
from sanca.python_runtime.action_check import CheckReport
from sanca.python_runtime.asks import Answer, Ask
from sanca.python_runtime.guard import Closing, Guard
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.round_content import round_content
from sanca.python_runtime.run_record import RunRequest, Source
from sanca.python_runtime.sandbox.ports import ActionResult
from sanca.python_runtime.stuck import StuckMarks

Strategy = Literal["experience", "model", "person", "dialogue", "summary", "none"]
"""What a round goes by; in a dialogue perception has settled it with the person, and nothing is to be run."""


class Verdict(StrEnum):
    """What self-check says of a round."""

    CONTINUE = "continue"
    MISSING = "missing"
    """What was claimed is not borne out: the run goes on with what is missing."""
    DONE = "done"
    FAILED = "failed"
    """Nothing broke, but what was asked was not done; the answer says so."""
    BROKEN = "broken"
    """An action failed and nobody can mend it; `RunState.error` says so in one sentence."""
    SPENT = "spent"
    """A budget is used up; the answer says what was done and what is open."""

    @property
    def goes_on(self) -> bool:
        """Whether another round follows."""
        return self in {Verdict.CONTINUE, Verdict.MISSING}


class Zone(Protocol):
    """One of the five stages of a round."""

    name: str

    async def run(self, state: RunState) -> None:
        """Do this zone's part on the state's current round.

        Called once a round, never concurrently for one run. On cancellation it must leave nothing running.
        """


QueryStrategy = Literal["", "single_tool", "sequence", "composition", "workflow", "synthesis"]
"""How a goal is gone about: one tool; several after each other; with data flowing between them; a known workflow
(a skill); a tool that must be made first."""


Planned = Literal["", "model", "thought", "rules", "restored"]
"""Where a run's sub-goals came from: the reply with the first action, a reply of their own, the message's own list, or
the interrupted run that this one goes on with."""


@dataclass(frozen=True)
class DataReference:
    """Words that point at data of an earlier round: "that table", "the result before"."""

    words: str
    name: str
    """The name that holds it in the session's sandbox, or the file's name."""
    kind: str = ""
    """Its type, as far as known."""
    exists: bool = True
    """Whether it is still there."""


@dataclass(frozen=True)
class Clarification:
    """The one question that is asked when no goal can be formed."""

    question: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Percept:
    """The input of a round, interpreted."""

    text: str
    """What is asked: the person's words; from the second round on the same, with the observation below."""
    language: Literal["en", "zh", "mixed"]
    source: Source = "message"
    meant: str = ""
    """The words as understood: typos mended, references and times replaced; empty: as they stand."""
    intent: str = ""
    """What kind of thing is wanted (perception/intents.py); empty when that was not told."""
    confidence: float = 0.0
    """Of the intent, in [0, 1]."""
    scenario: str = ""
    """The situation, for choosing prompts: `incident`, `change`, `data`, `knowledge`, `conversation` …"""
    data_references: tuple[DataReference, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    """What page, address, selection and environment tell: name → value."""
    clarification: Clarification | None = None
    """Set when no goal can be formed from this."""
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names the environment knows now."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Words that point back, and what they point at: `{"it": "checkout"}`."""
    observation: str = ""
    """What the last round's action gave."""


@dataclass
class CallFact:
    """One tool call as the journal knows it."""

    call_id: str
    toolkit: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    effect: str = "READ"
    status: str = "running"
    seconds: float = 0.0
    summary: str = ""
    at: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    """When it was asked for, in milliseconds since 1970: the timeline draws it there."""


class GoalStatus(StrEnum):
    """Where a sub-goal stands."""

    OPEN = "open"
    ACTIVE = "active"
    DONE = "done"
    ABANDONED = "abandoned"


@dataclass
class SubGoal:
    """A part of the run's goal that some rounds of their own work at."""

    id: str
    title: str
    status: GoalStatus = GoalStatus.OPEN
    depends_on: tuple[str, ...] = ()
    """Ids of sub-goals that must be done before."""
    evidence: tuple[str, ...] = ()
    """Call ids and names that show it is done."""
    lost: tuple[str, ...] = ()
    """Names among them that the session does not hold any more, because the engine ended meanwhile."""
    reason: str = ""
    """Why it is done or abandoned, in one sentence."""
    handed_over: str = ""
    """What its rounds are told of the others, and nothing else."""
    skill: SkillMatch | None = None
    """A skill that serves it, so that no model need be asked."""
    was_matched: bool = False
    """Whether a skill was looked for."""


@dataclass(frozen=True)
class RoundsSummary:
    """What prompts say of rounds that they do not show any more."""

    first: int
    """`Round.number` of the first round it stands for."""
    last: int
    text: str
    """What was tried and what came of it, as Markdown."""
    sub_goal_id: str = ""
    """Whose rounds it stands for: others between `first` and `last` are not meant."""


@dataclass
class Round:
    """One pass of the zones: what was seen, decided, run and found."""

    number: int
    began_at: float = field(default_factory=time.monotonic)
    percept: Percept | None = None
    strategy: Strategy = "none"
    sub_goal: str = ""
    sub_goal_id: str = ""
    """Of `RunState.sub_goals`; empty when the run has only its one goal."""
    query_strategy: QueryStrategy = ""
    query_reason: str = ""
    """Why this query strategy, in one sentence of the run's language."""
    settled: tuple[str, ...] = ()
    """Ids of the sub-goals that were closed in this round."""
    is_repair: bool = False
    """Whether a completion model mended the last action's failing statement; the code is what is left to run of it."""
    files: list[str] = field(default_factory=list)
    """Names of files that the action wrote to /output."""
    skill: SkillMatch | None = None
    code: str = ""
    check: CheckReport | None = None
    """What was found in the code before it ran."""
    claim: str | None = None
    """The answer that a model or an action claims."""
    status: str = "planning"
    value: str = ""
    observation: str = ""
    error: str = ""
    error_type: str = ""
    seconds: float = 0.0
    calls: dict[str, CallFact] = field(default_factory=dict)
    more_calls: Counter[str] = field(default_factory=Counter)
    """Reads that ended well and are only counted, by `toolkit.tool`: of very many, `calls` holds the ends."""
    result: ActionResult | None = None
    """What the sandbox gave, whole."""
    reply: str = ""
    """The model's reply as it stood."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What the provider wants back with it."""
    usage: Usage | None = None
    has_spoken: bool = False
    """Whether the answer was already shown, piece by piece."""
    recalled: list[dict[str, str]] = field(default_factory=list)
    """What of memory went into it: `layer, id, session_id, citation` of each."""
    checked: dict[str, Any] | None = None
    """What self-check found in the claim: `verdict, reasons, verified, unverified`."""


@dataclass
class RunState:
    """What a run knows. Made by the queue of runs; changed by the zones only."""

    request: RunRequest
    reporter: RunReporter
    ask: Callable[[Ask], Awaitable[Answer]]
    """Ask a person and wait; the run is shown as waiting meanwhile."""
    note: Callable[[str, Mapping[str, Any]], None]
    """Write a fact into the journal: its kind and data."""
    pass_on: Callable[[], Awaitable[None]]
    """Return at once; never, when the run is being stopped."""
    rounds_max: int
    """Rounds of the run at most; a person's answer moves it on."""
    guard: Guard = field(default_factory=Guard)
    closing: Closing | None = None
    """Set when this round is the last and may use no tools."""
    stuck: StuckMarks = field(default_factory=StuckMarks)
    difficulty: Literal["normal", "hard"] = "normal"
    """Hard once the run was stuck: a stronger model is worth its price."""
    language: Literal["en", "zh"] = "en"
    """The language of answers."""
    history: Sequence[Message] = ()
    files: Sequence[str] = ()
    goal: str = ""
    """What the run is to reach, as perception understood it."""
    sub_goals: list[SubGoal] = field(default_factory=list)
    planned: Planned = ""
    notes: list[str] = field(default_factory=list)
    """Sentences for the next prompt (another approach is wanted, say); the planner shows and forgets them."""
    prepared: dict[str, Any] = field(default_factory=dict)
    """The planner's: replies for sub-goals whose round comes later, by their ids."""
    rounds: list[Round] = field(default_factory=list)
    summaries: list[RoundsSummary] = field(default_factory=list)
    """Of earlier rounds; the rounds they stand for stay in `rounds`, and are left out of prompts."""
    kept_segments: dict[str, Any] = field(default_factory=dict)
    """What this run's first prompt showed and the next ones show unchanged, so that providers' caches hit."""
    verdict: Verdict = Verdict.CONTINUE
    missing: str = ""
    """What self-check found missing; the next round's input."""
    answer: str = ""
    error: str = ""
    spoken: list[str] = field(default_factory=list)
    cards: list[dict[str, Any]] = field(default_factory=list)
    file_ids: list[str] = field(default_factory=list)
    """Files that its actions handed over."""
    usage: list[Usage] = field(default_factory=list)

    @property
    def round(self) -> Round:
        """The current round."""
        return self.rounds[-1]

    @property
    def last_observation(self) -> str:
        """What the round before this one found; empty in the first."""
        return self.rounds[-2].observation if len(self.rounds) > 1 else ""

    @property
    def calls(self) -> list[CallFact]:
        """All tool calls so far, in order."""
        return [call for round_ in self.rounds for call in round_.calls.values()]

    @property
    def more_calls(self) -> Counter[str]:
        """Reads that ended well and are not among `calls`, by `toolkit.tool`."""
        return sum((round_.more_calls for round_ in self.rounds), Counter())

    @property
    def calls_total(self) -> int:
        """How many calls there were."""
        return len(self.calls) + self.more_calls.total()

    def show_round(self) -> None:
        """Show the current round as it is now."""
        number = self.round.number
        self.reporter.activity("sanca-round", f"round-{self.request.run_id}-{number}", round_content(self))


async def run_rounds(state: RunState, zones: Sequence[Zone]) -> None:
    """Run rounds until self-check gives a verdict that ends the run.

    When a budget is spent or nothing moves any more, the next round is the last: it uses no tools and sums up.
    """
    while state.verdict.goes_on:
        state.closing = state.closing or state.guard.closing(state)
        state.rounds.append(Round(number=len(state.rounds) + 1))
        for zone in zones:
            with state.reporter.step(zone.name):
                await zone.run(state)
            await state.pass_on()
