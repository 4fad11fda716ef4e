"""Perception: turns what came in into a percept. Interprets; decides nothing."""

from __future__ import annotations

from typing import Protocol

from sanca.core.ports import Entities
from sanca.python_runtime.language import resolve_references, tell_language
from sanca.python_runtime.rounds import Percept, RunState


class Environment(Protocol):
    """Knows the names of things that exist now."""

    async def entities(self, run_id: str) -> Entities:
        """Return the names by kind; empty when no toolkit tells them."""


class Perception:
    """In the first round the message, a click or a run to go on with; later the last observation."""

    name = "perception"

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def run(self, state: RunState) -> None:
        """Set the round's percept and the language of answers."""
        text = state.request.message or state.request.text
        # Code is no language of people: who runs their own action is answered in the page's.
        language = tell_language("" if state.request.action_code else text, state.request.caller.language)
        state.language = "en" if language == "en" else "zh"
        needs_names = not state.request.action_code
        entities = await self._environment.entities(state.request.run_id) if needs_names else {}
        state.round.percept = Percept(
            text=text,
            language=language,
            entities=entities,
            references=resolve_references(text, state.history, entities),
            observation=self._observation(state),
        )
        state.note("percept", {"round": state.round.number, **vars(state.round.percept)})

    @staticmethod
    def _observation(state: RunState) -> str:
        if not state.missing:
            return state.last_observation
        return "\n".join(part for part in (state.last_observation, f"Self-check: {state.missing}") if part)
