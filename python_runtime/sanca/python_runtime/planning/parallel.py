"""Independent sub-goals side by side: whose replies are asked for together, and which names belong to whom.

Models are asked at the same time; actions run one after the other, in the session's one namespace.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from sanca.python_runtime.planning.evidence import bound_names, rounds_of
from sanca.python_runtime.planning.goals import goal_of, hand_over, ready_goals, take_up
from sanca.python_runtime.planning.plan import Reply
from sanca.python_runtime.rounds import GoalStatus, RunState, SubGoal

_CLOSED = frozenset({GoalStatus.DONE, GoalStatus.ABANDONED})


def whose_turn(state: RunState) -> SubGoal | None:
    """Return the sub-goal whose turn it is; None when none can be worked at.

    Those whose reply is there already come first: so each has its turn before any is asked about again.
    """
    ready = ready_goals(state)
    for goal_id in set(state.prepared) - {one.id for one in ready}:
        del state.prepared[goal_id]  # closed meanwhile, or no more in the list
    return next((one for one in ready if one.id in state.prepared), ready[0] if ready else None)


def take_turn(state: RunState) -> SubGoal | None:
    """Let the current round serve the sub-goal whose turn it is, if any."""
    goal = whose_turn(state)
    if goal is None:
        state.round.sub_goal_id = state.round.sub_goal = ""
    else:
        take_up(state, goal)
    return goal


def beside(state: RunState, goal: SubGoal | None, *, most: int) -> list[SubGoal]:
    """Return the sub-goals for which a model can be asked at the same time as for this one, at most so many."""
    if goal is None:
        return []
    others = [one for one in ready_goals(state) if one is not goal and one.skill is None]
    return [one for one in others if one.id not in state.prepared][: most - 1]


def view_of(state: RunState, goal: SubGoal) -> RunState:
    """Return the run as it looks from a round of another sub-goal."""
    view = copy(state)
    goal.handed_over = hand_over(state, goal)
    view.rounds = [*state.rounds[:-1], replace(state.round, sub_goal_id=goal.id, sub_goal=goal.title, extra={})]
    see_own_observation(view)
    return view


def see_own_observation(state: RunState) -> None:
    """Let the current round's percept hold what the last round of its own sub-goal found, not of another's."""
    round_, earlier = state.round, state.rounds[:-1]
    if round_.percept is None or not state.sub_goals:
        return
    own = [one.observation for one in earlier if one.sub_goal_id == round_.sub_goal_id]
    parts = [*own[-1:], f"Self-check: {state.missing}" if state.missing else ""]
    round_.percept = replace(round_.percept, observation="\n".join(part for part in parts if part))


def keep_reply(state: RunState, goal: SubGoal, reply: Reply) -> None:
    """Keep a reply until the sub-goal's round comes."""
    state.prepared[goal.id] = reply


def kept_reply(state: RunState) -> Reply | None:
    """Return the reply that was kept for the current round's sub-goal, once."""
    kept = state.prepared.pop(state.round.sub_goal_id, None)
    return kept if isinstance(kept, Reply) else None


def names_of_others(state: RunState, goal: SubGoal) -> dict[str, str]:
    """Return the names that a sub-goal's action must leave alone → the id of the sub-goal they belong to.

    They are those bound for a sub-goal that is not closed, or whose data a further open one waits for.
    """
    open_ones = [one for one in state.sub_goals if one.status not in _CLOSED and one is not goal]
    owners = {one.id for one in open_ones} | {needed for one in open_ones for needed in one.depends_on}
    owners.discard(goal.id)
    return {
        name: owner
        for owner in sorted(owners)
        if goal_of(state, owner) is not None
        for round_ in rounds_of(state, owner)
        for name in bound_names(round_.code)
    }
