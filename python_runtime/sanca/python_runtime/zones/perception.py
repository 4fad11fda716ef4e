"""Perception: turns what came in into a percept, and asks back once when no goal can be formed from it.

It interprets by rules and retrieval; the fast model is only asked where those are unsure. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import anyio.to_thread
from sanca.core.messages import Caller
from sanca.core.ports import Entities, SkillLibraries
from sanca.python_runtime.asks import question
from sanca.python_runtime.language import sentence, tell_language
from sanca.python_runtime.memory_talk import Heard
from sanca.python_runtime.perception import (
    Intent,
    Interpreter,
    SessionLanguages,
    Surroundings,
    Understanding,
    is_only_a_wish,
    script_language,
)
from sanca.python_runtime.perception.fast_reader import FastReader
from sanca.python_runtime.perception.questions import answered
from sanca.python_runtime.perception.sources import NOBODY_THERE, source_facts, words_of
from sanca.python_runtime.rounds import Percept, RunState

_CERTAIN, _CERTAIN_OF_DEED = 0.6, 0.9
"""The score from which a skill surely is what is meant, whatever the rules lack; words that name nothing to do fit any
skill a little."""
Names = Callable[[str], Mapping[str, str] | None]
"""From a session's id to the names its actions left and their types; None where they are not known."""
Hear = Callable[[RunState, Entities], Awaitable[str | None]]
"""Answers a message that asks for something to be remembered; None: it is another one."""


class Talk(Protocol):
    """Hears what is said to memory (`MemoryTalk`)."""

    async def hear(self, state: RunState, text: str) -> Heard:
        """Return the answer to a message that is said to memory alone, or what is left to do of another."""

    async def language(self, caller: Caller) -> str:
        """Return the English name of the language a user always wants; empty when they did not say."""


class Environment(Protocol):
    """Knows the names of things that exist now."""

    async def entities(self, run_id: str) -> Entities:
        """Return the names by kind; empty when no toolkit tells them."""

    @property
    def release_dates(self) -> Mapping[str, str]:
        """Of the releases told last: tag → ISO date or time, where it is known."""


class Perception:
    """In the first round the message, a click or another thing that came in; later the last observation."""

    name = "perception"

    def __init__(
        self,
        environment: Environment,
        libraries: SkillLibraries,
        interpreter: Interpreter,
        languages: SessionLanguages,
        names: Names,
        fast: FastReader,
        *,
        sure_at: float,
        asks: bool = True,
        hear: Hear | None = None,
        memory: Talk | None = None,
    ) -> None:
        """Take what it understands by.

        Args:
            environment: What exists now.
            libraries: Everyone's skills: a message that one of them fits is a goal.
            interpreter: The rules.
            languages: What language each session asked for.
            names: The names of a session's sandbox.
            fast: Asked where the rules are less sure than `sure_at`.
            sure_at: A share in [0, 1].
            asks: Whether a person is asked when no goal can be formed.
            hear: Answers a message that is about the last run rather than a goal.
            memory: Hears wishes, and what is to be forgotten; None: nobody does.
        """
        self._environment = environment
        self._libraries = libraries
        self._interpreter = interpreter
        self._languages = languages
        self._names = names
        self._fast = fast
        self._sure_at = sure_at
        self._asks = asks
        self._hear = hear
        self._memory = memory

    async def run(self, state: RunState) -> None:
        """Set the round's percept, the language of answers and the run's goal."""
        if state.round.number > 1:
            percept = await self._of_observation(state)
        elif state.request.action_code:
            percept = self._of_own_code(state)
        else:
            percept = await self._of_input(state)
        state.round.percept = percept
        state.note("percept", {"round": state.round.number, **asdict(percept)})

    # -- the kinds of input -------------------------------------------------------------------------------------------

    def _of_own_code(self, state: RunState) -> Percept:
        """Code is no language of people: who runs their own action is answered in the page's."""
        language = tell_language("", state.request.caller.language)
        state.language = _of_sentences(language)
        return Percept(text=state.request.text, language=language, source=state.request.came_by)

    async def _of_observation(self, state: RunState) -> Percept:
        """The goal stays what it was; what is new is what the last action gave, and what exists now."""
        first = next((one.percept for one in state.rounds if one.percept is not None), None)
        if first is None:
            return self._of_own_code(state)
        has_names = not state.request.action_code
        entities = await self._environment.entities(state.request.run_id) if has_names else {}
        held = self._names(state.request.session_id)
        data = first.data_references
        if held is not None:
            data = tuple(one if one.kind == "file" else replace(one, exists=one.name in held) for one in data)
        said = f"Self-check: {state.missing}" if state.missing else ""
        observation = "\n".join(part for part in (state.last_observation, said) if part)
        return replace(
            first, source="observation", entities=entities, data_references=data, observation=observation,
            clarification=None,
        )  # fmt: skip

    async def _of_input(self, state: RunState) -> Percept:
        request = state.request
        text = words_of(request, _of_sentences(tell_language(request.message, request.caller.language)))
        said = "" if request.came_by == "agent_reply" else request.message  # a stranger settles nothing
        wish = await self._languages.wished(request.caller, request.session_id, said)
        if not wish and self._memory is not None:
            wish = await self._memory.language(request.caller)
        language = tell_language(text, request.caller.language)
        state.language = _answers_in(wish, language)
        entities = await self._environment.entities(request.run_id)
        if self._hear is not None and (told := await self._hear(state, entities)) is not None:
            _end(state, told)
            return Percept(text=text, language=language, source=request.came_by, intent=Intent.CONTROL.value)
        heard = await self._memory.hear(state, text) if self._memory is not None else Heard()
        if heard.answer:
            _end(state, heard.answer)
            return Percept(text=text, language=language, source=request.came_by, intent=Intent.CONTROL.value)
        text = heard.rest or text
        around = self._surroundings(state, entities)
        found = await self._understand(text, around, state)
        if found.clarification is not None and await self._is_to_be_asked(found, around, state):
            text, found = await self._clear_up(text, found, around, state)
        self._settle(text, wish, found, state)
        self._tell_missing(found, state)
        state.goal = found.meant or text
        return Percept(
            text=text,
            language=language,
            source=request.came_by,
            meant=found.meant,
            intent=found.intent.value,
            confidence=round(found.confidence, 3),
            scenario=found.scenario,
            data_references=found.data,
            facts={**source_facts(request), **_language_facts(wish, text), **found.facts},
            clarification=found.clarification,
            entities=entities,
            references=found.references,
        )

    # -- understanding ------------------------------------------------------------------------------------------------

    def _surroundings(self, state: RunState, entities: Entities) -> Surroundings:
        page = state.request.page
        return Surroundings(
            now=_now(page.time_zone if page else ""),
            history=state.history,
            entities=entities,
            release_dates=self._environment.release_dates,
            page=page,
            names=self._names(state.request.session_id),
            files=state.files,
        )

    async def _understand(self, text: str, around: Surroundings, state: RunState) -> Understanding:
        interpret = partial(self._interpreter.interpret, text, around, language=state.language)
        found = await anyio.to_thread.run_sync(interpret)
        if found.confidence >= self._sure_at or found.lack in ("target", "choice", "data"):
            return found
        reading = await self._fast.read(text, around.history)
        if reading is None:
            return found
        if reading.usage is not None:
            state.usage.append(reading.usage)
        return await anyio.to_thread.run_sync(
            partial(interpret, told=Intent.UNCLEAR if reading.unclear else reading.intent)
        )

    async def _is_to_be_asked(self, found: Understanding, around: Surroundings, state: RunState) -> bool:
        """A skill that fits is a goal and asks for what it lacks; but none may choose among several things."""
        if not self._asks or state.request.came_by in NOBODY_THERE:
            return False
        if found.lack == "choice":
            return True
        library = self._libraries.of(state.request.caller.scope)
        match = partial(library.match, entities=around.entities, history=around.history, language=state.language)
        fitting = await anyio.to_thread.run_sync(match, found.text)
        return fitting is None or fitting.score < (_CERTAIN_OF_DEED if found.lack == "deed" else _CERTAIN)

    async def _clear_up(
        self, text: str, found: Understanding, around: Surroundings, state: RunState
    ) -> tuple[str, Understanding]:
        """Ask the one question; returns the message as the answer completes it. Who dismisses it ends the round."""
        asked = found.clarification
        if asked is None:
            return text, found
        run_id = state.request.run_id
        ask = question(f"{run_id}/question-goal", run_id, asked.question, choices=asked.choices, is_free=True)
        answer = await state.ask(ask)
        value = answer.value.get("value") if isinstance(answer.value, Mapping) else answer.value
        if not answer.approved or value in (None, ""):
            _end(state, sentence("dismissed", state.language))
            return text, found
        whole = answered(text, str(value), asked, found.pointing, around)
        understood = await self._understand(whole, around, state)
        return whole, replace(understood, clarification=None)

    # -- what is settled here -----------------------------------------------------------------------------------------

    def _settle(self, text: str, wish: str, found: Understanding, state: RunState) -> None:
        """Answer what needs neither skill nor model: a mere wish for a language."""
        if wish and found.intent is Intent.CONTROL and is_only_a_wish(text):
            in_chinese = wish == "Chinese"
            language = "zh" if in_chinese else state.language if wish != "English" else "en"
            _end(state, sentence("language_noted", language, name=_name_of(wish, language)))

    def _tell_missing(self, found: Understanding, state: RunState) -> None:
        missing = [one.words for one in found.data if not one.exists]
        if missing and state.round.strategy != "dialogue":
            text = sentence("data_missing", state.language, words=", ".join(missing))
            state.reporter.notice(text, level="warning", code="data_missing")


def _end(state: RunState, claim: str) -> None:
    state.round.strategy, state.round.claim = "dialogue", claim
    state.show_round()


def _of_sentences(language: str) -> Literal["en", "zh"]:
    return "en" if language == "en" else "zh"


def _answers_in(wish: str, language: str) -> Literal["en", "zh"]:
    """Return the language of the engine's own sentences; a model is told another one by the percept's facts."""
    if wish == "Chinese":
        return "zh"
    return "en" if wish == "English" else _of_sentences(language)


def _language_facts(wish: str, text: str) -> dict[str, str]:
    if wish:
        return {"answer in": wish}
    other = script_language(text)
    return {"answer in": other} if other else {}


def _name_of(wish: str, language: str) -> str:
    chinese = {"English": "英文", "Chinese": "中文"}
    return chinese.get(wish, wish) if language == "zh" else wish


def _now(time_zone: str) -> datetime:
    """Return the person's present: days begin where they are."""
    try:
        return datetime.now(ZoneInfo(time_zone)) if time_zone else datetime.now().astimezone()
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the zones, say: the name is a browser's
        return datetime.now().astimezone()
