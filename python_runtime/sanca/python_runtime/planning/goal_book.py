"""Sub-goals without a model: those of a run that was cut off, those a message lists, and the skills that serve them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
from sanca.core.messages import Message, SkillMatch
from sanca.core.ports import SkillLibraries
from sanca.prompts import PlannedGoal
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.evidence import look_for, rounds_of
from sanca.python_runtime.planning.goals import (
    abandon,
    abandoned_in_words,
    close,
    goal_of,
    restore_goals,
    set_goals,
    tell_lost_names,
)
from sanca.python_runtime.planning.strategy import are_listed, goals_in
from sanca.python_runtime.rounds import GoalStatus, Percept, Round, RunState, SubGoal
from sanca.python_runtime.run_record import RunRequest

Names = Callable[[RunRequest], Awaitable[Mapping[str, str] | None]]
"""From a request to the names that its session's next action will find; None where they are not known."""
_GOALS_MOST = 8
_REASON_CHARS = 200


class Facts(Protocol):
    """What the journal knows of runs."""

    async def last(self, run_id: str, kind: str) -> dict[str, Any] | None:
        """Return the data of a run's last fact of a kind."""

    async def calls(self, run_id: str) -> list[dict[str, Any]]:
        """Return the calls of a run, and how each ended."""


class GoalBook:
    """Keeps the list where no model is needed for it."""

    def __init__(self, libraries: SkillLibraries, facts: Facts, names: Names) -> None:
        """Take the skills, the journal, and who knows a session's names."""
        self._libraries = libraries
        self._facts = facts
        self._names = names

    async def open(self, state: RunState) -> None:
        """Take over the sub-goals of the run that this one goes on with; called in the first round."""
        before = state.request.continue_run_id
        content = await self._facts.last(before, "goals") if before else None
        if content:
            restore_goals(state, content, _ended_well(await self._facts.calls(before)))
            await self._look_for_names(state)

    async def _look_for_names(self, state: RunState) -> None:
        """Look before the first action whether what earlier sub-goals hand over is still there."""
        if any(one.isidentifier() for goal in state.sub_goals for one in goal.evidence):
            held = await self._names(state.request)
            if held is not None:
                tell_lost_names(state, held)

    async def list_by_rules(self, state: RunState, percept: Percept) -> None:
        """Make a list when the message names several things, one after the other, each of which a skill can do."""
        said = percept.meant or percept.text
        parts = goals_in(said)
        if len(parts) < 2 or len(parts) > _GOALS_MOST or percept.source == "agent_reply":
            return
        matches = [await self._match(state, percept, part, parts[:place]) for place, part in enumerate(parts)]
        wanted = {(one.skill, repr(one.parameters)) for one in matches if one is not None}
        if len(wanted) < len(parts):  # one is for nobody, or two are the same: then the whole is looked at as it is
            return
        follow = () if are_listed(said) else (1,)
        planned = [PlannedGoal(part, tuple(place for _ in follow if place)) for place, part in enumerate(parts)]
        set_goals(state, planned, "rules", most=_GOALS_MOST)
        for goal, match in zip(state.sub_goals, matches, strict=True):
            goal.skill, goal.was_matched = match, True

    async def find_skills(self, state: RunState, percept: Percept) -> None:
        """Find the skills that serve open sub-goals; each is looked for once."""
        for goal in state.sub_goals:
            if goal.status is GoalStatus.OPEN and not goal.was_matched:
                goal.was_matched = True
                goal.skill = await self._match(state, percept, goal.title, ())

    async def _match(self, state: RunState, percept: Percept, title: str, before: Sequence[str]) -> SkillMatch | None:
        """Return the skill for a part, if nothing has to be asked for it; what was named before counts for "it"."""
        said = [Message(id=f"part-{place}", role="user", content=text) for place, text in enumerate(before)]
        library = self._libraries.of(state.request.caller.scope)
        match = partial(
            library.match, entities=percept.entities, history=[*state.history, *said], language=state.language
        )
        found = await anyio.to_thread.run_sync(match, title)
        return None if found is None or found.missing else found

    def sum_up(self, state: RunState) -> bool:
        """Claim the answer of a run all of whose sub-goals were served by skills; False when models had a part."""
        if any(one.strategy == "model" and one.sub_goal_id for one in state.rounds):
            return False
        parts = [text for goal in state.sub_goals if (text := _section(state, goal))]
        round_ = state.round
        round_.strategy, round_.sub_goal_id, round_.sub_goal = "experience", "", ""
        round_.claim = "\n\n".join(parts)
        round_.claim = "\n\n".join(part for part in (round_.claim, abandoned_in_words(state, round_.claim)) if part)
        return True


def note_skill_outcome(state: RunState) -> None:
    """Close the sub-goal that the current round's skill has served; one that failed is left to a model."""
    round_ = state.round
    goal = goal_of(state, round_.sub_goal_id)
    if goal is None or round_.strategy != "experience" or round_.status != "ok":
        return
    finding = look_for(state, goal, ())
    if not finding.doubt:
        close(state, goal, " ".join(round_.value.split())[:_REASON_CHARS], finding.evidence)


def give_up_stuck(state: RunState) -> None:
    """Abandon the sub-goal that self-check has seen go round in circles."""
    goal = goal_of(state, state.stuck.hopeless)
    state.stuck.hopeless = ""
    if goal is not None and goal.status is GoalStatus.ACTIVE:
        worked = len(rounds_of(state, goal.id))
        abandon(state, goal, sentence("stuck", state.language, rounds=worked))


def give_up_without_model(state: RunState, goal: SubGoal) -> None:
    """Abandon a sub-goal that no skill serves, or whose skill failed, when there is no model to go on with it."""
    failed = [one.error for one in rounds_of(state, goal.id) if one.status != "ok"]
    abandon(state, goal, failed[-1] if failed else sentence("goal_no_model", state.language))


def _ended_well(calls: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(call["call_id"]) for call in calls if (call.get("finished") or {}).get("ok")}


def _section(state: RunState, goal: SubGoal) -> str:
    last = [one for one in rounds_of(state, goal.id) if one.status == "ok"]
    if goal.status is not GoalStatus.DONE:
        return ""
    return f"**{goal.title}**\n\n{_in_markdown(last[-1]) if last else goal.reason}".rstrip()


def _in_markdown(round_: Round) -> str:
    is_text = round_.result is None or round_.result.value_is_text
    return round_.value if is_text or "\n" not in round_.value else f"```text\n{round_.value}\n```"
