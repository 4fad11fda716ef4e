"""Interprets a message by rules and retrieval: what is meant, wanted and referred to, and whether a goal can be formed.

Asks no model and no person, changes nothing, and takes a few milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sanca.memory import MessageView, SkillLibrary
from sanca.python_runtime.perception.clarity import Clue, Content, content_of, lacks
from sanca.python_runtime.perception.classifier import Guess, shipped_weights
from sanca.python_runtime.perception.data import DataFound, find_data
from sanca.python_runtime.perception.follow_ups import accepts_offer, earlier_with, is_follow_up, settle_vague
from sanca.python_runtime.perception.intents import Intent, scenario_of
from sanca.python_runtime.perception.page_facts import page_facts, releases_by_date
from sanca.python_runtime.perception.pointers import Pointer, pointers_in
from sanca.python_runtime.perception.questions import clarification
from sanca.python_runtime.perception.references import ReferenceResolver, Scene, replace_words
from sanca.python_runtime.perception.surroundings import Named, Surroundings, named_in, named_on_page
from sanca.python_runtime.perception.times import times_in
from sanca.python_runtime.perception.typos import Mender
from sanca.python_runtime.perception.vocabulary import shipped_vocabulary
from sanca.python_runtime.rounds import Clarification, DataReference

_TOPIC_MESSAGES = 6
_CHARS = 8_000
_TOLD = 0.8
"""How much a model's word counts."""
_NO_TOPIC = frozenset({Intent.TALK, Intent.CONTROL, Intent.UNCLEAR})


@dataclass(frozen=True)
class Understanding:
    """A message, interpreted."""

    text: str
    meant: str
    """The words as understood; empty when they stand as they are."""
    intent: Intent
    confidence: float
    scenario: str
    references: dict[str, str] = field(default_factory=dict)
    data: tuple[DataReference, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    lack: str = ""
    """What it lacks to be a goal (`clarity.lacks`)."""
    clarification: Clarification | None = None
    pointing: tuple[str, ...] = ()
    """Pointing words whose place an answer to the question takes."""


class Interpreter:
    """Made once; safe to share. Its first use loads the static embedding that the skill library has anyway."""

    def __init__(self, library: SkillLibrary) -> None:
        self._library = library
        self._vocabulary = shipped_vocabulary()
        self._mender = Mender(self._vocabulary, library.knows_word)
        self._resolver = ReferenceResolver(library)
        self._guess_of_earlier = lru_cache(maxsize=256)(self._guess_text)

    def interpret(
        self, text: str, around: Surroundings, *, language: str = "en", told: Intent | None = None
    ) -> Understanding:
        """Return what a message means.

        Args:
            text: The message; what is past 8,000 characters is not read.
            around: What else is known.
            language: In which a question is asked: `en` or `zh`.
            told: The intent as a model tells it, which then counts.
        """
        names = [*(name for found in around.entities.values() for name in found), *(around.names or ()), *around.files]
        mended = self._mender.mend(text[:_CHARS], names)
        view = self._library.view(mended.text, around.entities or None)
        pointers = pointers_in(mended.text)
        clue = self._clue(mended.text, view, pointers, around)
        intent, confidence = (told, _TOLD) if told else self._intent(clue, pointers)
        lack = lacks(clue, intent)
        times = times_in(mended.text, around.now)
        dated, by_date = releases_by_date(mended.text, times, around)
        references = {**clue.resolved.references, **dated}
        meant = self._meant(clue, references)
        settled = Intent.UNCLEAR if lack else intent
        page = around.page.url if around.page else ""
        return Understanding(
            text=text,
            meant="" if meant == text else meant,
            intent=settled,
            confidence=confidence,
            scenario=scenario_of(settled, clue.concepts, page),
            references=references,
            data=tuple(clue.data.references),
            facts={**self._page_facts(around), **times, **by_date, **_missing(clue.data)},
            lack=lack,
            clarification=clarification(lack, intent, clue, language) if lack else None,
            pointing=(*clue.resolved.dangling, *clue.resolved.ambiguous, *clue.data.ambiguous),
        )

    def _clue(self, text: str, view: MessageView, pointers: Sequence[Pointer], around: Surroundings) -> Clue:
        named = named_in(text, around.entities, self._library)
        known = [*named.service, *self._said_services(view, text)]
        guess = shipped_weights().guess(view)
        has_topic = self._has_topic(around)
        scene = Scene(
            text,
            around,
            has_topic,
            inner=bool(pointers) and self._names_before(text, pointers[0]),
            about_words=_is_about_words(guess.best, pointers),
        )
        resolved = self._resolver.resolve(scene, pointers)
        data = find_data(text, pointers, around, wants_data=guess.best is Intent.ANALYSE_DATA)
        for one in data.references:
            resolved.references.setdefault(one.words, one.name) if one.exists and one.words != one.name else None
        if view.reading.all("service") and not named.service:
            named = replace(named, service=tuple(str(slot.value) for slot in view.reading.all("service")))
        return Clue(
            text=text,
            guess=guess,
            content=content_of(text, pointers, known, self._vocabulary, self._library.knows_word),
            named=named,
            concepts=frozenset(view.concepts),
            resolved=resolved,
            data=data,
            around=around,
            has_topic=has_topic,
            implied=self._implied(around),
            earlier=self._earlier_intent(around),
        )

    def _intent(self, clue: Clue, pointers: Sequence[Pointer]) -> tuple[Intent, float]:
        """Return the intent of the message in its place in the conversation."""
        best, confidence = clue.guess.best, clue.guess.confidence
        if accepts_offer(clue):
            return Intent.CONTROL, max(confidence, 0.8)
        if clue.has_topic and is_follow_up(clue.text, clue.content, clue.named, pointers):
            return (clue.earlier, 0.8) if clue.earlier else (best, confidence)
        if best is Intent.UNCLEAR:
            return settle_vague(clue)
        return best, confidence

    def _meant(self, clue: Clue, references: dict[str, str]) -> str:
        if clue.has_topic and is_follow_up(clue.text, clue.content, clue.named, ()):
            earlier = [one.content for one in clue.around.history if one.role == "user"][-1]
            if whole := earlier_with(earlier, clue.named, named_in(earlier, clue.around.entities, self._library)):
                return whole
        return replace_words(clue.text, references)

    def _page_facts(self, around: Surroundings) -> dict[str, str]:
        return page_facts(around, named_on_page(around, self._library))

    def _has_topic(self, around: Surroundings) -> bool:
        """Whether the session was about something lately, and not only greetings."""
        said = [one.content for one in around.history if one.role == "user"][-_TOPIC_MESSAGES:]
        return any(self._guess_of_earlier(text).best not in _NO_TOPIC for text in said)

    def _earlier_intent(self, around: Surroundings) -> Intent | None:
        said = [one.content for one in around.history if one.role == "user"][-_TOPIC_MESSAGES:]
        guesses = (self._guess_of_earlier(text).best for text in reversed(said))
        return next((intent for intent in guesses if intent not in _NO_TOPIC), None)

    def _guess_text(self, text: str) -> Guess:
        return shipped_weights().guess(self._library.view(self._mender.mend(text[:_CHARS]).text))

    def _implied(self, around: Surroundings) -> str:
        """Return the service that page or the last exchanges are about, when it is only one."""
        page = named_on_page(around, self._library)
        if page.service:
            return page.service[0]
        latest = "\n".join(one.content for one in around.history[-2:])
        return _only(named_in(latest, around.entities, self._library))

    def _names_before(self, text: str, pointer: Pointer) -> bool:
        before: Content = content_of(text[: pointer.start], (), (), self._vocabulary)
        # The verb that such a sentence begins with is no thing: "translate it".
        return len(before.words) > 1 or before.has_literal or bool(before.words and before.deeds)

    @staticmethod
    def _said_services(view: MessageView, text: str) -> list[str]:
        return [view.reading.text[slot.start : slot.end] for slot in view.reading.all("service")]


def _is_about_words(intent: Intent, pointers: Sequence[Pointer]) -> bool:
    """Whether pointing words mean what was said: a text to write with, a step to undo, a word to explain."""
    if intent is Intent.LOOK_UP:
        return any(pointer.is_deictic for pointer in pointers)
    return intent in (Intent.WRITE, Intent.CONTROL)


def _only(named: Named) -> str:
    services = set(named.service)
    return services.pop() if len(services) == 1 else ""


def _missing(data: DataFound) -> dict[str, str]:
    words = ", ".join(re.sub(r"\s+", " ", one.words) for one in data.missing)
    return {"not there any more": words} if words else {}
