"""Asks a model for the next action: which prompt, which model, what is said at its end; for several sub-goals at once.

What becomes of the replies is the planner's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import anyio
import structlog
from sanca.core.errors import ModelError, SancaError
from sanca.core.ports import Model
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.planning import advice
from sanca.python_runtime.planning.asking import ask
from sanca.python_runtime.planning.attempts import attempts_at
from sanca.python_runtime.planning.goals import are_closed, goal_of, outcomes_beside, ready_goals
from sanca.python_runtime.planning.parallel import beside, keep_reply, names_of_others, see_own_observation, view_of
from sanca.python_runtime.planning.plan import Reply
from sanca.python_runtime.planning.settings import PlanningSettings
from sanca.python_runtime.planning.strategy import Way, wants_plan
from sanca.python_runtime.rounds import GoalStatus, RunState, SubGoal
from sanca.python_runtime.segments import SegmentBuilder

log = structlog.get_logger()


class Requests:
    """Puts requests together and asks."""

    def __init__(
        self,
        models: Callable[[str, RunState | None], Model | None],
        prompts: InferencePromptConfigManager,
        segments: SegmentBuilder,
        settings: PlanningSettings,
    ) -> None:
        self._models = models
        self._prompts = prompts
        self._segments = segments
        self._settings = settings

    async def next_reply(self, state: RunState, way: Way | None) -> Reply:
        """Return the reply for the current round; those for independent sub-goals are asked for meanwhile, and kept.

        Raises:
            ModelError: The model refused or cannot be reached, for this round; for another one it is asked again then.
        """
        goal = goal_of(state, state.round.sub_goal_id)
        others = beside(state, goal, most=self._settings.parallel_goals)
        see_own_observation(state)
        if not others:
            return await self._ask(state, self._advice(state, way, others), aloud=True)
        replies: list[Reply] = []
        failures: list[Exception] = []

        async def ask_now() -> None:
            try:
                replies.append(await self._ask(state, self._advice(state, way, others), aloud=True))
            except Exception as error:  # raised again below, alone: nobody outside knows of the group
                failures.append(error)
                asking.cancel_scope.cancel()

        async with anyio.create_task_group() as asking:
            asking.start_soon(ask_now)
            for other in others:
                asking.start_soon(self._prepare, state, other)
        if failures:
            raise failures[0]
        return replies[0]

    async def reply_to(
        self, state: RunState, purpose: Literal["cmd", "thought"], lines: Sequence[str] = (), *, aloud: bool
    ) -> Reply:
        """Ask with the prompt of a purpose.

        Raises:
            ModelError: The model refused or cannot be reached.
        """
        tenant, scenario = state.request.caller.tenant, self._segments.scenario(state)
        role = self._prompts.builder(purpose, tenant=tenant, scenario=scenario).role
        model = self._models(role, state)
        if model is None:
            raise ModelError("No model is configured any more.")
        builder = self._prompts.builder(purpose, tenant=tenant, scenario=scenario, model=model.name)
        inputs = await self._segments.inputs(state)
        prompt = builder.assemble(replace(inputs, advice="\n".join(line for line in lines if line)))
        state.note("prompt", {"round": state.round.number, "model": model.name, **prompt.note()})
        return await ask(model, prompt.request, state, aloud=aloud)

    async def _ask(self, state: RunState, lines: Sequence[str], *, aloud: bool) -> Reply:
        is_for_all = are_closed(state) or self._is_last(state)
        reply = await self.reply_to(state, "cmd", lines, aloud=aloud)
        return replace(reply, is_for_all=is_for_all)

    async def _prepare(self, state: RunState, goal: SubGoal) -> None:
        view = view_of(state, goal)
        others = [one for one in ready_goals(state) if one is not goal]
        try:
            keep_reply(state, goal, await self._ask(view, self._advice(view, None, others), aloud=False))
        except SancaError as error:
            log.warning("sub_goal_not_prepared", sub_goal=goal.id, reason=str(error))
        except Exception:  # it must not end the round of another sub-goal; its own will tell
            log.exception("sub_goal_not_prepared", sub_goal=goal.id)

    def _advice(self, state: RunState, way: Way | None, others: Sequence[SubGoal]) -> list[str]:
        """Return what stands at the end of the prompt, the most pressing last."""
        lines = [advice.of_way(way)] if way else []
        if self.wants_plan(state) and self._settings.planning == "together":
            lines.append(advice.PLAN_FIRST)
        if (goal := goal_of(state, state.round.sub_goal_id)) is not None:
            lines.append(self._of_goal(state, goal, others))
        elif are_closed(state):
            lines.append(advice.of_end(outcomes_beside(state, None)))
        attempts = attempts_at(
            state,
            state.round.sub_goal_id,
            attempts_max=self._settings.attempts_max,
            approaches_max=self._settings.approaches_max,
        )
        if attempts.is_over:
            lines.append(advice.of_giving_up(attempts.failed, attempts.error))
        elif attempts.wants_other_approach:
            lines.append(advice.of_other_approach(attempts.failed, attempts.error))
        notes, state.notes = state.notes, []
        return [*lines, *notes]

    def wants_plan(self, state: RunState) -> bool:
        """Whether a list of sub-goals is to be asked for now: once, before the first action of a model."""
        if state.sub_goals or any(one.strategy == "model" for one in state.rounds[:-1]):
            return False
        if self._settings.plan_when != "auto":
            return self._settings.plan_when == "always"
        return wants_plan(state.request.message)

    def _of_goal(self, state: RunState, goal: SubGoal, others: Sequence[SubGoal]) -> str:
        served = [one for one in ready_goals(state) if one.skill is not None and one is not goal]
        next_goal = None if others else _next_after(state, goal)
        taken = sorted(names_of_others(state, goal))
        text = advice.of_goal(goal, [*others, *served], next_goal, taken)
        return "\n\n".join([text, *outcomes_beside(state, goal)]) if self._is_last(state) else text

    def _is_last(self, state: RunState) -> bool:
        open_ones = [one for one in state.sub_goals if one.status in {GoalStatus.OPEN, GoalStatus.ACTIVE}]
        return [one.id for one in open_ones] == [state.round.sub_goal_id]


def _next_after(state: RunState, goal: SubGoal) -> SubGoal | None:
    """Return the sub-goal that can be worked at when this one is done."""
    done = {goal.id, *(one.id for one in state.sub_goals if one.status is GoalStatus.DONE)}
    waiting = [one for one in state.sub_goals if one.status in {GoalStatus.OPEN, GoalStatus.ACTIVE} and one is not goal]
    return next((one for one in waiting if one.skill is None and done.issuperset(one.depends_on)), None)
