"""The list of a run's sub-goals: set, chosen from, closed, shown and written down. Rules only; asks no model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sanca.prompts import PlannedGoal
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.evidence import look_for, rounds_of
from sanca.python_runtime.planning.plan import GoalMark
from sanca.python_runtime.rounds import GoalStatus, Planned, Round, RunState, SubGoal

_CLOSED = frozenset({GoalStatus.DONE, GoalStatus.ABANDONED})
_RESULT_CHARS = 1_000
_TASK_CHARS = 1_000
_REASON_CHARS = 300
_NAMES_HANDED = 12


def set_goals(state: RunState, planned: Sequence[PlannedGoal], how: Planned, *, most: int) -> None:
    """Make the run's list, or change what is open of it; what is done or abandoned stays.

    A sub-goal of the same title keeps its id. A single new one is no list, and more than `most` are cut off.
    """
    if len(planned) < 2 and not state.sub_goals:
        return
    closed = [one for one in state.sub_goals if one.status in _CLOSED]
    known = {one.title.lower(): one for one in state.sub_goals}
    next_id = max((int(one.id) for one in state.sub_goals), default=0) + 1
    made: list[SubGoal] = []
    for place, goal in enumerate(planned[:most], 1):
        same = known.get(goal.title.lower())
        needs = tuple(made[number - 1].id for number in goal.after if 0 < number < place)
        if same is None:
            made.append(SubGoal(str(next_id), goal.title, depends_on=needs))
            next_id += 1
        else:
            same.depends_on = needs
            made.append(same)
    state.sub_goals = [*closed, *(one for one in made if one.status not in _CLOSED)]
    state.planned = how
    show_goals(state)


def ready_goals(state: RunState) -> list[SubGoal]:
    """Return the sub-goals that can be worked at now, those under way first, then in the list's order."""
    done = {one.id for one in state.sub_goals if one.status is GoalStatus.DONE}
    ready = [one for one in state.sub_goals if one.status not in _CLOSED and done.issuperset(one.depends_on)]
    return sorted(ready, key=lambda one: one.status is not GoalStatus.ACTIVE)


def goal_of(state: RunState, goal_id: str) -> SubGoal | None:
    """Return the sub-goal of that id."""
    return next((one for one in state.sub_goals if one.id == goal_id), None)


def are_closed(state: RunState) -> bool:
    """Whether the run has sub-goals and each of them is done or abandoned."""
    return bool(state.sub_goals) and all(one.status in _CLOSED for one in state.sub_goals)


def take_up(state: RunState, goal: SubGoal) -> None:
    """Let the current round serve a sub-goal."""
    state.round.sub_goal_id, state.round.sub_goal = goal.id, goal.title
    goal.handed_over = hand_over(state, goal)
    if goal.status is not GoalStatus.ACTIVE:
        goal.status = GoalStatus.ACTIVE
        show_goals(state)


def apply_mark(state: RunState, mark: GoalMark) -> str:
    """Close a sub-goal as a model says, if the journal bears it out; returns why not, or an empty text."""
    goal = goal_of(state, mark.goal_id)
    if goal is None or goal.status in _CLOSED or mark.kind == "continue":
        return ""
    if mark.kind == "abandon":
        if not mark.reason:
            return f"Goal {goal.id} is not taken as abandoned: say why on its line."
        abandon(state, goal, mark.reason)
        return ""
    finding = look_for(state, goal, mark.evidence)
    if finding.doubt:
        goal.reason = finding.doubt[:_REASON_CHARS]
        show_goals(state)
        return f"Goal {goal.id} is not taken as done: {finding.doubt}."
    close(state, goal, mark.reason, finding.evidence)
    return ""


def close(state: RunState, goal: SubGoal, reason: str, evidence: tuple[str, ...]) -> None:
    """Note a sub-goal as done."""
    goal.status, goal.reason, goal.evidence = GoalStatus.DONE, reason[:_REASON_CHARS], evidence
    state.round.settled += (goal.id,)
    show_goals(state)


def abandon(state: RunState, goal: SubGoal, reason: str) -> None:
    """Give a sub-goal up, and those that need its result."""
    goal.status, goal.reason = GoalStatus.ABANDONED, reason[:_REASON_CHARS]
    state.round.settled += (goal.id,)
    for other in state.sub_goals:
        if goal.id in other.depends_on and other.status not in _CLOSED:
            abandon(state, other, sentence("goal_needs", state.language, title=goal.title))
    show_goals(state)


def abandoned_in_words(state: RunState, said: str) -> str:
    """Return what an answer must add of abandoned sub-goals that it does not name; empty when there is nothing."""
    left = [one for one in state.sub_goals if one.status is GoalStatus.ABANDONED]
    untold = [f"- {one.title}: {one.reason}" for one in left if one.title.lower() not in said.lower()]
    return "\n".join([sentence("goals_abandoned", state.language), "", *untold]) if untold else ""


def hand_over(state: RunState, goal: SubGoal) -> str:
    """Return what a sub-goal's rounds are told of the rest: the whole task, and what those it needs have given."""
    whole = state.goal or state.request.text
    needed = [outcome(state, one) for one in state.sub_goals if one.status in _CLOSED and one.id in goal.depends_on]
    return "\n\n".join([f"It is a part of this task: {whole[:_TASK_CHARS]}", *needed])


def outcomes_beside(state: RunState, goal: SubGoal | None) -> list[str]:
    """Return what closed sub-goals gave that were not handed over to this one."""
    known = goal.depends_on if goal else ()
    return [outcome(state, one) for one in state.sub_goals if one.status in _CLOSED and one.id not in known]


def outcome(state: RunState, goal: SubGoal) -> str:
    """Return what a closed sub-goal gave: its reason, its last value, and the names that hold its data."""
    worked = rounds_of(state, goal.id)
    value = next((text for one in reversed(worked) if one.status == "ok" and (text := _given(one))), "")
    names = [one for one in goal.evidence if "/" not in one and one not in goal.lost][:_NAMES_HANDED]
    parts = [
        f"Sub-goal {goal.id} is {goal.status}{': ' if goal.reason else '.'}{goal.reason}",
        f"Its last value: {value[:_RESULT_CHARS]}" if value else "",
        f"Names that hold its data: {', '.join(names)}" if names else "",
        f"These names of it are gone, get their data again where it is needed: {', '.join(goal.lost)}"
        if goal.lost
        else "",
    ]
    return "\n".join(part for part in parts if part)


def _given(round_: Round) -> str:
    """Return what an action gave: its value, or the text that it worded as an answer."""
    return round_.value or (round_.result.final_answer if round_.result else None) or ""


def show_goals(state: RunState) -> None:
    """Show the list as it is now, and write it into the journal."""
    content = goals_content(state)
    state.note("goals", content)
    state.reporter.activity("sanca-goals", f"goals-{state.request.run_id}", content)


def goals_content(state: RunState) -> dict[str, Any]:
    """Return the list as data (docs/reference/contracts.md, section 5)."""
    return {
        "run_id": state.request.run_id,
        "goal": state.goal or state.request.text,
        "planned": state.planned,
        "sub_goals": [
            {
                "id": one.id,
                "title": one.title,
                "status": one.status.value,
                "reason": one.reason,
                "evidence": list(one.evidence),
                "depends_on": list(one.depends_on),
                "rounds": [round_.number for round_ in state.rounds if round_.sub_goal_id == one.id],
            }
            for one in state.sub_goals
        ],
    }


def restore_goals(state: RunState, content: dict[str, Any], ended_well: Collection[str]) -> None:
    """Take over the list of an interrupted run: what was done or abandoned stays, the rest is open again.

    Args:
        state: The run that goes on.
        content: The list, as the journal has it.
        ended_well: Ids of calls that the journal saw end well: a sub-goal whose calls are not among them is not done.
    """
    goals = [_restored(one, ended_well) for one in content.get("sub_goals", ())]
    if not goals:
        return
    state.sub_goals, state.planned = goals, "restored"
    state.goal = str(content.get("goal", "")) or state.goal
    show_goals(state)


def tell_lost_names(state: RunState, held: Collection[str]) -> None:
    """Note which names of sub-goals that are done are gone, and tell the person; models are told with the hand-over.

    Args:
        state: The run that goes on; its list was just taken over.
        held: The names that the session holds now.
    """
    for goal in state.sub_goals:
        goal.lost = tuple(one for one in goal.evidence if one.isidentifier() and one not in held)
    if lost := sorted({name for goal in state.sub_goals for name in goal.lost}):
        text = sentence("goal_names_lost", state.language, names=", ".join(lost))
        state.reporter.notice(text, level="warning", code="names_lost")


def _restored(content: dict[str, Any], ended_well: Collection[str]) -> SubGoal:
    calls = [one for one in content["evidence"] if "/" in one]
    stays = GoalStatus(content["status"]) in _CLOSED and all(one in ended_well for one in calls)
    return SubGoal(
        id=content["id"],
        title=content["title"],
        status=GoalStatus(content["status"]) if stays else GoalStatus.OPEN,
        depends_on=tuple(content["depends_on"]),
        evidence=tuple(content["evidence"]) if stays else (),
        reason=content["reason"] if stays else "",
    )
