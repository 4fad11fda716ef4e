"""Expression: says to the person what this round found: text, streamed where it can be, and cards. Judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sanca.core.ports import SkillLibraries
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.expression.value_cards import ValueCards
from sanca.python_runtime.language import sentence
from sanca.python_runtime.planning.goals import abandoned_in_words
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.skill_examples import filled_example


class Expression:
    """Speaks in the message's language."""

    name = "expression"

    def __init__(
        self, libraries: SkillLibraries, toolkits: Callable[[], Sequence[ToolkitDefinition]], *, cards_by_data: int
    ) -> None:
        self._libraries = libraries
        self._toolkits = toolkits
        self._cards = ValueCards(cards_by_data)

    async def run(self, state: RunState) -> None:
        """Say the round's answer, if it has one."""
        round_ = state.round
        if round_.strategy == "none":
            self._say_what_is_possible(state)
        elif round_.sub_goal_id:
            pass  # a part of the whole; the planner says the answer when all parts are closed
        elif round_.claim is None and round_.result is not None and round_.result.final_answer:
            said = round_.result.final_answer
            left = abandoned_in_words(state, said)
            round_.claim = f"{said}\n\n{left}" if left else said
        elif round_.claim is None and round_.status == "ok" and round_.strategy != "model":
            await self._say_value(state)
        elif round_.strategy == "experience" and round_.error_type == "ToolDeniedError":
            round_.claim = round_.error
        if round_.claim is not None:
            state.answer = round_.claim
            if round_.claim and not round_.has_spoken:
                state.reporter.say(round_.claim)
                round_.has_spoken = True
            if round_.strategy == "model" and state.closing is None:
                await self._cards.beside(state, round_.claim)

    async def _say_value(self, state: RunState) -> None:
        """A value that is shown as a card is the answer, and not said once more."""
        round_ = state.round
        round_.has_spoken = await self._cards.instead_of_text(state)
        round_.claim = _in_markdown(round_) or self._without_value(state, round_)

    def _say_what_is_possible(self, state: RunState) -> None:
        language = state.language
        library = self._libraries.of(state.request.caller.scope)
        listing = library.listing([toolkit.name for toolkit in self._toolkits()])
        how = sentence("how_to_set_a_model", language)
        entities = state.round.percept.entities if state.round.percept else {}
        skills = [
            {
                "name": skill["name"],
                "title": skill[f"title_{language}"],
                "example": filled_example(skill[f"example_{language}"], entities),
            }
            for skill in listing
        ]
        known = "\n".join(": ".join(filter(None, (f"- **{one['title']}**", one["example"]))) for one in skills)
        state.round.claim = "\n\n".join(part for part in (sentence("unknown", language), known, how) if part)
        state.reporter.say(state.round.claim)
        state.round.has_spoken = True
        state.reporter.custom("sanca.choices", {"skills": skills, "how_to_set_a_model": how})

    @staticmethod
    def _without_value(state: RunState, round_: Round) -> str:
        """An action that has shown or printed something needs no more words."""
        if round_.strategy == "person" and round_.observation:
            return f"```text\n{round_.observation}\n```"
        has_shown = state.spoken or state.cards or (round_.result is not None and round_.result.images)
        return "" if has_shown else sentence("no_answer", state.language)


def _in_markdown(round_: Round) -> str:
    """Return the value to say: a text is Markdown as it is, what we wrote of another value keeps its lines."""
    is_text = round_.result is None or round_.result.value_is_text
    return round_.value if is_text or "\n" not in round_.value else f"```text\n{round_.value}\n```"
