"""Applies a plan to the run: sub-goals set and closed, and what the round does. Rules only; asks nobody."""

from __future__ import annotations

from sanca.core.errors import ModelOutputError
from sanca.python_runtime.planning.evidence import bound_names
from sanca.python_runtime.planning.goals import (
    abandoned_in_words,
    apply_mark,
    are_closed,
    goal_of,
    ready_goals,
    set_goals,
    take_up,
)
from sanca.python_runtime.planning.parallel import names_of_others
from sanca.python_runtime.planning.plan import GoalMark, Plan, Reply
from sanca.python_runtime.rounds import GoalStatus, RunState

_NOTHING = "Your reply does nothing: act with one ```python block, close a goal, or answer in plain text."


def apply_plan(state: RunState, plan: Plan, reply: Reply, *, goals_max: int) -> None:
    """Change the run as the plan says, as far as the rules allow; what they do not is told to the model.

    Args:
        state: The run; its round has served the sub-goal that the model was asked about.
        plan: The reply, read.
        reply: The reply.
        goals_max: Sub-goals at most.
    """
    before = (len(state.round.settled), [one.id for one in state.sub_goals])
    if plan.goals:
        set_goals(state, plan.goals, "model", most=goals_max)
    refused = [text for mark in plan.marks if (text := apply_mark(state, mark))]
    if plan.fault:
        _send_back(state, plan.fault, ModelOutputError.__name__)
    elif refused:
        _send_back(state, " ".join(refused), "GoalNotReached")
    elif plan.code:
        _take_code(state, plan)
    elif plan.answer:
        _take_words(state, plan.answer, reply)
    elif before == (len(state.round.settled), [one.id for one in state.sub_goals]):
        _send_back(state, _NOTHING, ModelOutputError.__name__)


def _take_code(state: RunState, plan: Plan) -> None:
    """Let the round run the code, for the sub-goal that is open now: the reply may have closed the one before."""
    round_ = state.round
    if state.sub_goals:
        goal = goal_of(state, round_.sub_goal_id)
        if goal is None or goal.status in {GoalStatus.DONE, GoalStatus.ABANDONED}:
            ready = ready_goals(state)
            goal = next((one for one in ready if one.skill is None), ready[0] if ready else None)
        if goal is not None and (taken := sorted(set(names_of_others(state, goal)) & set(bound_names(plan.code)))):
            names = ", ".join(taken)
            text = (
                f"These names belong to other goals that still need them: {names}. Nothing was run; take other names."
            )
            _send_back(state, text, "NameTaken")
            return
        if goal is not None:
            take_up(state, goal)
        else:
            round_.sub_goal_id = round_.sub_goal = ""
    elif plan.thought:
        round_.sub_goal = plan.thought.splitlines()[0]
    round_.code = plan.code


def _take_words(state: RunState, words: str, reply: Reply) -> None:
    """Take words as the answer of the run, or as what is said of the sub-goal that is worked at."""
    goal = goal_of(state, state.round.sub_goal_id)
    if goal is not None and goal.status is GoalStatus.ACTIVE:
        refused = apply_mark(state, GoalMark(goal.id, "done", reason=" ".join(words.split())))
        if refused:
            _send_back(state, refused, "GoalNotReached")
            return
    if not state.sub_goals or (are_closed(state) and reply.is_for_all):
        _claim(state, words)


def _claim(state: RunState, words: str) -> None:
    """Claim the answer; sub-goals that were given up and are not named in it are added."""
    round_ = state.round
    round_.sub_goal_id = round_.sub_goal_id if not state.sub_goals else ""
    round_.claim, round_.has_spoken = words, True
    if left := abandoned_in_words(state, words):
        state.reporter.say(f"\n\n{left}")
        round_.claim = f"{words}\n\n{left}"


def _send_back(state: RunState, reason: str, error_type: str) -> None:
    """Run nothing; the reason is the round's observation, which the model reads next."""
    round_ = state.round
    round_.status, round_.observation, round_.error, round_.error_type = "error", reason, reason, error_type
