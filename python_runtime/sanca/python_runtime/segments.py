"""Gathers what a prompt is made of from a run's state: its segments' data. Words and sizes are sanca.prompts' own.

A round that works at a sub-goal is given that sub-goal's rounds and what was handed over, and nothing of the others.
What the first prompt of a goal showed the next ones show unchanged; what changed since stands at the end.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
from sanca.core.memory import Scope
from sanca.core.messages import Caller, Message
from sanca.core.ports import Entities, SkillLibrary
from sanca.core.syntax import parse_module
from sanca.prompts import EarlierRound, Experience, Goal, Page, PromptInputs
from sanca.python_runtime.recollection import Remembered
from sanca.python_runtime.rounds import Percept, Round, RoundsSummary, RunState, SubGoal
from sanca.python_runtime.run_record import RunRequest

_ORIGIN_CHARS = 70
_PARSED_CHARS = 20_000
"""A longer action is not read for what it binds."""


class Tools(Protocol):
    """Tells which tools an action may call, and which of them a message may need (`ToolFinder`)."""

    @property
    def is_abridged(self) -> bool:
        """Whether `shown` has some toolkits only in short."""

    @property
    def names(self) -> Collection[str]:
        """The toolkits' names."""

    @property
    def version(self) -> object:
        """Another object whenever there are other toolkits."""

    def shown(self, caller: Caller) -> str:
        """Return the stubs that every prompt shows."""

    async def for_message(self, message: str, caller: Caller) -> str:
        """Return the stubs of tools that a message may need, of those that `shown` leaves out."""


class Experiences(Protocol):
    """What earlier runs of a user teach: skills as worked examples, and what failed."""

    def of(self, scope: Scope) -> SkillLibrary:
        """Return the library that a user's examples are taken from."""

    def warnings(self, scope: Scope, message: str, entities: Entities | None) -> Sequence[str]:
        """Return what failed when something alike was asked, and why. Blocking."""


class Memories(Protocol):
    """Finds what of memory fits a message (`Recollection`)."""

    async def fitting(self, request: RunRequest, text: str, history: Sequence[Message]) -> Remembered:
        """Return it; nothing where there is none."""


class SegmentBuilder:
    """Turns a run's state into the inputs of a prompt. Asks no model."""

    def __init__(
        self,
        tools: Tools,
        experiences: Experiences | None = None,
        names: Callable[[str], Mapping[str, str] | None] = lambda _session: None,
        libraries: Sequence[str] = (),
        memories: Memories | None = None,
    ) -> None:
        """Take where it looks.

        Args:
            tools: The tools of prompts.
            experiences: Worked examples; None: prompts have none.
            names: Tells a session's names and their types; None where they are not known.
            libraries: What actions may import besides Python's own.
            memories: What was said and kept before; None: prompts show nothing of it.
        """
        self._tools = tools
        self._experiences = experiences
        self._names = names
        self._libraries = libraries
        self._memories = memories

    @staticmethod
    def scenario(state: RunState) -> str:
        """Return the situation that prompts are chosen by: the first percept's, so that they rest during a run."""
        percepts = (one.percept for one in state.rounds if one.percept is not None)
        return next((one.scenario for one in percepts if one.scenario), "")

    async def inputs(self, state: RunState) -> PromptInputs:
        """Return everything that the current round's request is made from."""
        goal = _sub_goal(state)
        kept = state.kept_segments.setdefault(goal.id if goal else "", {})
        percept = _first_percept(state)
        if not kept:
            kept |= await self._resting(state, goal, percept)
        self._follow_toolkits(kept, state.request.caller)
        shown, past = _past(state, goal)
        return PromptInputs(
            **{name: value for name, value in kept.items() if name != "version"},
            language=state.language,
            goal="" if goal else state.goal,
            handed_over=goal.handed_over if goal else "",
            files=tuple(state.files),
            goals=[] if goal else [_goal(one, state) for one in state.sub_goals],
            now=_now(state, kept["environment"], has_rounds=bool(shown)),
            names=self._described_names(state, shown),
            past=past,
            rounds=[_earlier(one) for one in shown[:-1]] + _last_earlier(state, shown),
            rounds_left=state.rounds_max - len(state.rounds) + 1,
            why_last=state.closing.why if state.closing else "",
        )

    async def _resting(self, state: RunState, goal: SubGoal | None, percept: Percept | None) -> dict[str, Any]:
        """Return what all prompts of this goal show alike."""
        caller, message = state.request.caller, _message(state, goal, percept)
        page = state.request.page
        own = goal is None
        kept: dict[str, Any] = {
            "message": message,
            "history": tuple(state.history) if own else (),
            "page": Page(page.url, page.title, page.selection, page.selected_before) if page and own else None,
            "understood": _understood(percept) if own and percept else {},
            "environment": self._environment(state, percept if own else None),
            "tools": await self._tools.for_message(message, caller),
            "experience": await self._experience(message, state, percept),
        }
        return kept | await self._remembered(message, state, own=own)

    async def _remembered(self, message: str, state: RunState, *, own: bool) -> dict[str, Any]:
        """Return what of memory the prompts show; of a sub-goal only what the person wants at all times."""
        if self._memories is None or state.request.came_by == "agent_reply":
            return {}
        found = await self._memories.fitting(state.request, message, state.history)
        if not own:
            return {"preferences": found.preferences}
        state.round.recalled = list(found.shown)
        named = ("preferences", "knowledge", "recalled", "earlier")
        return {name: getattr(found, name) for name in named}

    def _follow_toolkits(self, kept: dict[str, Any], caller: Caller) -> None:
        """Keep the stubs as they were first shown, until there are other toolkits."""
        if kept.get("version") is not self._tools.version:
            kept["version"] = self._tools.version
            kept["toolkits"] = self._tools.shown(caller)
            kept["is_abridged"] = self._tools.is_abridged

    def _environment(self, state: RunState, percept: Percept | None) -> dict[str, str]:
        caller, facts = state.request.caller, _entities(percept)
        known = {"tenant": caller.tenant, "user": caller.user, "channel": caller.channel}
        libraries = {"importable besides Python's own": ", ".join(self._libraries)} if self._libraries else {}
        page = state.request.page
        zone = {"the person's time zone": page.time_zone} if page and page.time_zone else {}
        return {**known, **zone, **libraries, **facts, **(percept.facts if percept else {})}

    async def _experience(self, message: str, state: RunState, percept: Percept | None) -> Experience | None:
        """Return the skill that served a message like this one; the one that matched and failed is no example."""
        if self._experiences is None:
            return None
        entities = percept.entities if percept else {}
        scope, there = state.request.caller.scope, self._tools.names
        library = self._experiences.of(scope)
        find = partial(library.nearest, entities=entities, language=state.language, toolkits=there)
        found = await anyio.to_thread.run_sync(find, message)
        warnings = await anyio.to_thread.run_sync(self._experiences.warnings, scope, message, entities)
        tried = {one.skill.skill for one in state.rounds if one.skill is not None}
        if found is None or found.skill in tried:
            return Experience("", "", warnings=tuple(warnings)) if warnings else None
        return Experience(found.title, found.code, found.why, tuple(warnings))

    def _described_names(self, state: RunState, shown: Sequence[Round]) -> dict[str, str]:
        """Return the session's names with what is known of each: its type, and where it is not shown what bound it."""
        types = self._names(state.request.session_id)
        if types is None:
            last = next((one.result.names for one in reversed(state.rounds) if one.result and one.result.names), None)
            types = last or {}
        seen = {id(one) for one in shown}
        origins: dict[str, str] = {}
        for round_ in _rounds_of(state, state.round.sub_goal_id):
            origins |= bindings(round_.code) if id(round_) not in seen else dict.fromkeys(bindings(round_.code), "")
        return {name: _described(kind, origins.get(name, "")) for name, kind in types.items() if name[:1] != "_"}


def bindings(code: str) -> dict[str, str]:
    """Return the names that an action binds at its top level → the expression that they hold, shortened."""
    try:
        body = parse_module(code if len(code) <= _PARSED_CHARS else "").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for one in body:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
            text = " ".join(ast.unparse(one.value).split())
            found[one.targets[0].id] = text if len(text) <= _ORIGIN_CHARS else f"{text[:_ORIGIN_CHARS]}…"
    return found


def _described(kind: str, origin: str) -> str:
    known = "" if kind == "Any" else kind
    return f"{known or 'value'} = {origin}" if origin else known or "value"


def _message(state: RunState, goal: SubGoal | None, percept: Percept | None) -> str:
    if goal is not None:
        return goal.title
    return percept.text if percept else state.request.text


def _sub_goal(state: RunState) -> SubGoal | None:
    wanted = state.round.sub_goal_id if state.rounds else ""
    return next((one for one in state.sub_goals if one.id == wanted), None)


def _first_percept(state: RunState) -> Percept | None:
    return next((one.percept for one in state.rounds if one.percept is not None), None)


def _entities(percept: Percept | None) -> dict[str, str]:
    return {f"{kind}s": ", ".join(names) for kind, names in percept.entities.items()} if percept else {}


def _understood(percept: Percept) -> dict[str, str]:
    """Return what perception made of the message."""
    told = {"meant": percept.meant} if percept.meant and percept.meant != percept.text else {}
    told |= {f"{word!r} means": name for word, name in percept.references.items()}
    for one in percept.data_references:
        what = f"{one.name} ({one.kind})" if one.kind else one.name
        told[f"{one.words!r} means the data"] = what if one.exists else f"{what}, which is gone: make it again"
    return told


def _now(state: RunState, shown: Mapping[str, str], *, has_rounds: bool) -> dict[str, str]:
    """Return the time, and what is other than the first prompt said or has no other place."""
    percept = state.round.percept if state.rounds else None
    changed = {name: value for name, value in _entities(percept).items() if shown.get(name, value) != value}
    missing = {"self-check": state.missing} if state.missing and not has_rounds else {}
    return {"time": datetime.now(UTC).isoformat(timespec="seconds"), **changed, **missing}


def _past(state: RunState, goal: SubGoal | None) -> tuple[list[Round], list[str]]:
    """Return the rounds to show, oldest first and without the current one, and the summaries that stand for others."""
    wanted = goal.id if goal else ""
    rounds = _rounds_of(state, wanted)
    summaries = [one for one in state.summaries if one.sub_goal_id == wanted]
    outer = [one for one in summaries if not any(_covers(other, one) for other in summaries if other is not one)]
    folded = [one for one in rounds if not any(it.first <= one.number <= it.last for it in outer)]
    return folded, [it.text for it in sorted(outer, key=lambda it: it.first)]


def _rounds_of(state: RunState, sub_goal_id: str) -> list[Round]:
    """Return the rounds before this one that worked at a sub-goal, or at none."""
    return [one for one in state.rounds[:-1] if one.sub_goal_id == sub_goal_id]


def _covers(wide: RoundsSummary, narrow: RoundsSummary) -> bool:
    return (wide.first, -wide.last) != (narrow.first, -narrow.last) and (
        wide.first <= narrow.first and narrow.last <= wide.last
    )


def _goal(goal: SubGoal, state: RunState) -> Goal:
    return Goal(goal.title, goal.status.value, goal.reason, is_current=goal.id == state.round.sub_goal_id)


def _earlier(round_: Round) -> EarlierRound:
    if round_.skill is not None and not round_.reply:  # with all its helpers it may be longer than everything else
        given = ", ".join(f"{name}={value!r}" for name, value in round_.skill.parameters.items())
        ran = f"I ran the skill “{round_.skill.title}” ({round_.skill.skill}{f': {given}' if given else ''})."
        return EarlierRound(code="", observation=round_.observation, thought=ran)
    return EarlierRound(code=round_.code, observation=round_.observation, reply=round_.reply, extra=round_.extra)


def _last_earlier(state: RunState, shown: Sequence[Round]) -> list[EarlierRound]:
    """Return the last of the rounds to show, with what self-check found missing when it is the one before this."""
    if not shown:
        return []
    last, percept = _earlier(shown[-1]), state.round.percept
    seen = percept.observation if percept else ""
    is_before = len(state.rounds) > 1 and shown[-1] is state.rounds[-2]
    # Of a sub-goal it may be a round further back; what perception tells is then told of that one, or of another's.
    if not seen or not (is_before or seen.startswith(last.observation)):
        return [last]
    return [EarlierRound(last.code, seen, last.thought, last.reply, last.extra)]
