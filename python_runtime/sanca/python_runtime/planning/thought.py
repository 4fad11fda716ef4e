"""Planning apart from acting: a model plans in words first, then each sub-goal's actions are asked for."""

from __future__ import annotations

from sanca.prompts import read_thought
from sanca.python_runtime.planning.goals import set_goals
from sanca.python_runtime.planning.requests import Requests
from sanca.python_runtime.planning.settings import PlanningSettings
from sanca.python_runtime.rounds import RunState


class Thinking:
    """Makes the list of sub-goals by a call of its own, where the settings say so."""

    def __init__(self, requests: Requests, settings: PlanningSettings) -> None:
        self._requests = requests
        self._settings = settings

    async def comes_first(self, state: RunState) -> bool:
        """Plan in words, when that is due; False when the round is still to be decided.

        Raises:
            ModelError: The model refused or cannot be reached.
        """
        if self._settings.planning != "apart" or not self._requests.wants_plan(state):
            return False
        round_ = state.round
        reply = await self._requests.reply_to(state, "thought", aloud=False)
        round_.reply, round_.usage = reply.text, reply.usage
        state.note("model_reply", {"round": round_.number, "purpose": "thought", "reply": reply.text})
        thought = read_thought(reply.text)
        if thought.question and not thought.goals:
            state.reporter.say(thought.question)
            round_.claim, round_.has_spoken = thought.question, True
            return True
        set_goals(state, thought.goals, "thought", most=self._settings.goals_max)
        if not state.sub_goals:
            state.notes += [f"What is known: {thought.known}"] if thought.known else []
            return False
        round_.status, round_.observation = "ok", "The list of goals is set; work at the first."
        return True
