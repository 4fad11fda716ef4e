"""The planner: decides with a model what a round does, for which sub-goal, and says so in a plan. Runs no action.

Segments, prompt configuration and a model make a reply; the reply, read, is a `Plan`; rules apply it to the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sanca.core.errors import ModelOutputError
from sanca.core.ports import Model
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.applying import apply_plan
from sanca.python_runtime.planning.asking import say, sum_of
from sanca.python_runtime.planning.attempts import attempts_at
from sanca.python_runtime.planning.goals import abandon, goal_of
from sanca.python_runtime.planning.parallel import kept_reply, take_turn, whose_turn
from sanca.python_runtime.planning.plan import Plan, Reply
from sanca.python_runtime.planning.plan_text import read_plan
from sanca.python_runtime.planning.repair import Repairs
from sanca.python_runtime.planning.requests import Requests
from sanca.python_runtime.planning.settings import PlanningSettings
from sanca.python_runtime.planning.strategy import QueryStrategies, ToolSearch, Way
from sanca.python_runtime.planning.thought import Thinking
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.segments import SegmentBuilder


class IntentPlanner:
    """Plans with models, where there are any."""

    def __init__(
        self,
        models: Callable[[str, RunState | None], Model | None],
        prompts: InferencePromptConfigManager,
        segments: SegmentBuilder,
        tools: ToolSearch,
        settings: PlanningSettings,
        *,
        malformed_max: int,
    ) -> None:
        """Take what it plans with.

        Args:
            models: Gives the model of a role, for a run where there is one; None when none is configured.
            prompts: Which prompt holds for whom.
            segments: Gathers what a prompt is made of.
            tools: Finds the tools that fit a goal.
            settings: How planning goes.
            malformed_max: How many replies of a run may be unusable.
        """
        self._models = models
        self._segments = segments
        self._settings = settings
        self._malformed_max = malformed_max
        self._strategies = QueryStrategies(tools, forced=settings.query_strategy)
        self._requests = Requests(models, prompts, segments, settings)
        self._repairs = Repairs(models, prompts)
        self._thinking = Thinking(self._requests, settings)

    @property
    def is_available(self) -> bool:
        """Whether a model is configured."""
        return self._models("general", None) is not None

    async def choose_way(self, state: RunState) -> Way | None:
        """Set how the round goes about its goal; None when that is known from an earlier round of the same goal."""
        percept = state.round.percept
        words = state.round.sub_goal if state.round.sub_goal_id else (percept.meant or percept.text) if percept else ""
        return await self._strategies.choose(state, words)

    async def plan(self, state: RunState) -> None:
        """Set the round's sub-goal and code, or its claim, or why the reply could not be used.

        Raises:
            ModelError: The model refused or cannot be reached.
            ModelOutputError: Too many replies could not be used.
        """
        self._give_up_hopeless(state)
        way = await self.choose_way(state)
        if await self._thinking.comes_first(state):
            return
        reply: Reply | None = kept_reply(state)
        if reply is not None:
            say(reply, state)
        elif await self._repairs.mend(state, self._segments.scenario(state)):
            return
        else:
            reply = await self._requests.next_reply(state, way)
        while reply is not None:  # a reply that only closes a sub-goal leaves the round to one that is there already
            await self._take(state, reply)
            reply = await self._one_more(state)

    async def _take(self, state: RunState, reply: Reply) -> None:
        round_ = state.round
        round_.reply, round_.extra, round_.usage = reply.text, dict(reply.extra), sum_of(round_.usage, reply.usage)
        plan = await self._read(state, reply)
        facts = {"round": round_.number, "model": reply.model, "reply": reply.text, "extra": round_.extra}
        state.note("model_reply", {**facts, "repairs": list(plan.repairs)} if plan.repairs else facts)
        apply_plan(state, plan, reply, goals_max=self._settings.goals_max)
        if round_.error_type == ModelOutputError.__name__:
            unusable = sum(one.error_type == ModelOutputError.__name__ for one in state.rounds)
            if unusable > self._malformed_max:
                raise ModelOutputError(f"The model's replies could not be used. The last reason: {round_.error}")

    async def _read(self, state: RunState, reply: Reply) -> Plan:
        plan = read_plan(reply.text, finish_reason=reply.finish_reason, has_goals=bool(state.sub_goals))
        if not plan.partial:
            return plan
        code = await self._repairs.finish(state, plan.partial, self._segments.scenario(state))
        return replace(plan, code=code, fault="", repairs=(*plan.repairs, "completed the code")) if code else plan

    async def _one_more(self, state: RunState) -> Reply | None:
        """Return the reply for the next sub-goal, when this round has only closed one; None when it is decided."""
        round_ = state.round
        if round_.code or round_.claim is not None or round_.status == "error":
            return None
        goal = whose_turn(state)
        if goal is not None and goal.id not in state.prepared and (goal.skill is not None or not goal.was_matched):
            round_.status = "ok"  # a skill may serve it: that is for the next round
            return None
        take_turn(state)
        if reply := kept_reply(state):
            say(reply, state)
            return reply
        return await self._requests.next_reply(state, await self.choose_way(state))

    def _give_up_hopeless(self, state: RunState) -> None:
        """Abandon the round's sub-goal when no approach to it has worked, and turn to the next."""
        while goal := goal_of(state, state.round.sub_goal_id):
            attempts = attempts_at(
                state,
                goal.id,
                attempts_max=self._settings.attempts_max,
                approaches_max=self._settings.approaches_max,
            )
            if not attempts.is_over:
                return
            reason = sentence("goal_attempts", state.language, failed=attempts.failed, error=attempts.error)
            abandon(state, goal, reason)
            take_turn(state)
