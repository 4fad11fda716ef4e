"""Cognitive: decides what this round does. A person's own action, a skill that fits, a model, or "I don't know how"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
from sanca.core.messages import SkillMatch
from sanca.core.ports import SkillLibraries
from sanca.python_runtime.expression.forms import Wanted, answers_to, ask_for
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.evidence import rounds_of
from sanca.python_runtime.planning.goal_book import give_up_stuck, give_up_without_model
from sanca.python_runtime.planning.parallel import take_turn
from sanca.python_runtime.planning.strategy import goals_in
from sanca.python_runtime.rounds import Percept, RunState


class Planner(Protocol):
    """Asks a model what to do."""

    @property
    def is_available(self) -> bool:
        """Whether a model is configured."""

    async def choose_way(self, state: RunState) -> object:
        """Set how the current round goes about its goal."""

    async def plan(self, state: RunState) -> None:
        """Set the current round's sub-goal and code, or its claim; streams what the model says meanwhile."""


class GoalBook(Protocol):
    """Keeps a run's sub-goals where no model is needed for it."""

    async def open(self, state: RunState) -> None:
        """Take over those of the run that this one goes on with; called in the first round."""

    async def list_by_rules(self, state: RunState, percept: Percept) -> None:
        """Make a list when the message names several things, each of which a skill can do."""

    async def find_skills(self, state: RunState, percept: Percept) -> None:
        """Find the skills that serve open sub-goals."""

    def sum_up(self, state: RunState) -> bool:
        """Claim the answer of a run all of whose sub-goals were served by skills; False when models had a part."""


class Questions(Protocol):
    """Knows how to ask for a skill's parameter."""

    def question(self, skill: str, parameter: str, language: str) -> str:
        """Return the question, in the language; empty when the skill has none."""

    def choices(self, skill: str, parameter: str, entities: Mapping[str, Sequence[str]]) -> list[str]:
        """Return what may be answered; empty when anything may."""

    def value(self, skill: str, parameter: str, text: str) -> str | int | float:
        """Return the answer as the action wants it."""


class Cognitive:
    """Experience is the fast path: a skill that fits is used before any model is asked, for a sub-goal too."""

    name = "cognitive"

    def __init__(self, libraries: SkillLibraries, questions: Questions, planner: Planner, goals: GoalBook) -> None:
        self._libraries = libraries
        self._questions = questions
        self._planner = planner
        self._goals = goals

    async def run(self, state: RunState) -> None:
        """Choose the strategy and set the round's action."""
        percept = state.round.percept
        if percept is None or state.round.strategy == "dialogue":  # settled with the person already
            return
        if state.request.action_code:
            self._take_persons_code(state)
        else:
            await self._decide(state, percept)
        state.show_round()

    async def _decide(self, state: RunState, percept: Percept) -> None:
        if state.round.number == 1:
            if percept.source == "agent_reply" and self._planner.is_available:
                state.reporter.notice(percept.text, code="agent_reply")  # whatever a model makes of it
            await self._goals.open(state)
            if not state.sub_goals:
                await self._goals.list_by_rules(state, percept)
        if percept.source == "agent_reply" and not self._planner.is_available:
            state.round.strategy, state.round.claim = "dialogue", percept.text  # all there is to do is to tell it
        elif state.sub_goals:
            await self._serve_goals(state, percept)
        elif match := await self._match(state, percept):
            await self._use_skill(state, match, percept)
        elif self._planner.is_available:
            await self._plan(state)

    async def _serve_goals(self, state: RunState, percept: Percept) -> None:
        """Let the round serve the sub-goal whose turn it is: by its skill, else by a model; or say the whole answer."""
        give_up_stuck(state)
        await self._goals.find_skills(state, percept)
        goal = take_turn(state)
        if not self._planner.is_available:
            while goal is not None and (goal.skill is None or rounds_of(state, goal.id)):
                give_up_without_model(state, goal)
                goal = take_turn(state)
        if goal is not None and goal.skill is not None and not rounds_of(state, goal.id):
            await self._use_skill(state, goal.skill, percept)
            state.round.sub_goal = goal.title
        elif goal is not None or not self._goals.sum_up(state):
            await self._plan(state)

    async def _plan(self, state: RunState) -> None:
        state.round.strategy = "model"
        await self._planner.plan(state)

    def _take_persons_code(self, state: RunState) -> None:
        state.round.strategy = "person"
        state.round.code = state.request.action_code

    async def _match(self, state: RunState, percept: Percept) -> SkillMatch | None:
        if state.round.number > 1:  # a skill that did not reach the goal does not reach it unchanged
            return None
        if percept.source == "agent_reply":  # a stranger's words start nothing by themselves
            return None
        if self._planner.is_available and len(goals_in(percept.meant or percept.text)) > 1:
            return None  # it would do one of several things; a model sees them all
        library = self._libraries.of(state.request.caller.scope)
        match = partial(library.match, entities=percept.entities, history=state.history, language=state.language)
        found = await anyio.to_thread.run_sync(match, percept.text)
        if found is None and percept.meant:  # slips mended, and what the words point at in their place
            found = await anyio.to_thread.run_sync(match, percept.meant)
        return found

    async def _use_skill(self, state: RunState, match: SkillMatch, percept: Percept) -> None:
        state.round.strategy = "experience"
        state.round.sub_goal = match.title
        state.round.skill = match
        await self._planner.choose_way(state)
        state.show_round()
        answered = await self._ask_for_missing(match, percept, state)
        if answered is None:
            state.round.claim = sentence("dismissed", state.language)
            return
        parameters = {**match.parameters, **answered}
        state.round.skill = match.model_copy(update={"parameters": parameters, "missing": ()})
        state.round.code = _with_parameters(match.code, parameters, state.language)

    async def _ask_for_missing(
        self, match: SkillMatch, percept: Percept, state: RunState
    ) -> dict[str, str | int | float] | None:
        """Ask for what the skill lacks; None when the person leaves it at that."""
        wanted = [self._wanted(name, match.skill, percept, state.language) for name in match.missing]
        if not wanted:
            return {}
        answer = await state.ask(ask_for(wanted, state.request.run_id, match.title))
        if (texts := answers_to(wanted, answer)) is None:
            return None
        return {name: self._questions.value(match.skill, name, text) for name, text in texts.items()}

    def _wanted(self, name: str, skill: str, percept: Percept, language: str) -> Wanted:
        text = self._questions.question(skill, name, language) or sentence("ask_parameter", language, name=name)
        return Wanted(name, text, self._questions.choices(skill, name, percept.entities))


def _with_parameters(code: str, parameters: Mapping[str, Any], language: str) -> str:
    """Put the parameters in front of the skill's action, one assignment a line."""
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    return "\n".join([*lines, f"language = {language!r}", "", code])
