"""The skill library: finds the skill a message asks for and fills its parameters. Offline; runs no action."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sanca.core.messages import Message, SkillMatch
from sanca.core.ports import Entities
from sanca.memory.matching.exactness import fit_of, is_said
from sanca.memory.matching.lexicon import Lexicon, shipped_lexicon
from sanca.memory.matching.parameters import Context, fill_parameters, names_setting, service_from_history
from sanca.memory.matching.slots import Reading, read_message, services_named
from sanca.memory.matching.worked_examples import worked_example
from sanca.memory.skills import SHIPPED_SKILLS, Skill, read_skills
from sanca.memory.text import language_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sanca.core.memory import Scope
    from sanca.memory.embedding import StaticEmbedding
    from sanca.memory.matching.ranking import Ranker, Scored

DEFAULT_THRESHOLD = 0.2
_SURE_THRESHOLD = 0.5
_UNLEARNED_THRESHOLD = 0.65
_LIKE_THRESHOLD = 0.03
"""Alike enough to learn from; a message that no skill is like gets all but this for \"none\"."""
_CUE_CHARS = 500
"""Cues are an author's expressions: what they are tried on is short, so that none takes long."""
_MESSAGE_CHARS = 8_000


@dataclass(frozen=True)
class MessageView:
    """A message as the matcher sees it, for others that have to tell what is meant."""

    reading: Reading
    template: str
    """The message with the kinds of its slots in place of what they name."""
    concepts: dict[str, float]
    """Concepts of the lexicon, slots among them, with their weights."""
    vector: NDArray[np.float32]
    """The static embedding of the template: a unit vector."""


class SkillLibrary:
    """The embedded `sanca.core.ports.SkillLibrary`. Reads its files at once, its weights on the first match."""

    def __init__(
        self,
        skills: Sequence[Skill],
        *,
        threshold: float = DEFAULT_THRESHOLD,
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.skills = tuple(skills)
        """In a good order to read."""
        self.threshold = threshold
        self._clock = clock
        self._loading = threading.Lock()

    def of(self, scope: Scope) -> SkillLibrary:
        """Return the library of a user: one that learns nothing is the same for all."""
        return self

    def warnings(self, scope: Scope, message: str, entities: Entities | None) -> Sequence[str]:
        """Return what failed when something alike was asked: nothing, of one that learns nothing."""
        return ()

    def with_more(self, skills: Sequence[Skill]) -> SkillLibrary:
        """Return a library with further skills, ready to match; it shares weights and all else with this one."""
        more = SkillLibrary((*self.skills, *skills), threshold=self.threshold, clock=self._clock)
        more.__dict__["lexicon"], more.__dict__["embed"] = self.lexicon, self.embed
        more.__dict__["_ranker"] = self.ranker.with_own(skills)
        return more

    @cached_property
    def lexicon(self) -> Lexicon:
        """The concepts that both languages share."""
        return shipped_lexicon()

    @property
    def ranker(self) -> Ranker:
        """The fitted ranker; the first use loads the static embedding (about a third of a second)."""
        with self._loading:
            return self._ranker

    @cached_property
    def embed(self) -> StaticEmbedding:
        """The static embedding that messages are looked at with."""
        from sanca.memory.embedding import StaticEmbedding

        return StaticEmbedding()

    @cached_property
    def _compared(self) -> list[Skill]:
        """The skills that messages are compared with; others are found by their cues alone."""
        return [one for one in self.skills if not one.sheet.cues]

    @cached_property
    def _ranker(self) -> Ranker:
        from sanca.memory.matching.learned import shipped_weights
        from sanca.memory.matching.ranking import Ranker

        return Ranker(self._compared, self.lexicon, self.embed, shipped_weights())

    def match(
        self, message: str, *, entities: Entities | None = None, history: Sequence[Message] = (), language: str = ""
    ) -> SkillMatch | None:
        """Return the skill that fits, with parameters filled from message, entities and history; None when none does.

        Args:
            message: Plain language, English or Chinese or mixed; what is past 8,000 characters is not read.
            entities: Names the environment knows; a service is one of them when they are given.
            history: Earlier messages, oldest first, for "it" and "that service".
            language: `en` or `zh`; empty: told from the message.
        """
        reading = self.read(message, entities)
        if not (reading.pieces or reading.slots) or not self.skills:
            return None
        context = Context(self.lexicon, entities, history, self._clock())
        if (cued := self._cued(reading, context, language)) is not None:
            return cued
        if not self._compared:
            return None
        known = service_from_history(reading, context) is not None
        ranked = self.ranker.rank(reading, service_known=known)
        best = self._just_that(ranked, reading) or next(
            (scored for scored in ranked if _allowed(scored, reading, self.lexicon)), None
        )
        if best is None or best.score < _bar(best, reading, service_known=known, threshold=self.threshold):
            return None
        values, missing = fill_parameters(best.skill, reading, context)
        return SkillMatch(
            skill=best.skill.name,
            title=best.skill.sheet.title.in_language(language or language_of(reading.text)),
            score=round(best.score, 4),
            parameters=values,
            missing=missing,
            why=_why(best, reading, language or language_of(reading.text)),
            code=best.skill.code(),
        )

    def _cued(self, reading: Reading, context: Context, language: str) -> SkillMatch | None:
        """Return the first skill that has a cue in the beginning of the message."""
        said_first = reading.text[:_CUE_CHARS]
        for skill in self.skills:
            if skill.sheet.cue is not None and (hit := skill.sheet.cue.search(said_first)):
                values, missing = fill_parameters(skill, reading, context)
                said = language or language_of(reading.text)
                title = skill.sheet.title.in_language(said)
                why = f"“{hit.group().strip()}”" + (f"：这是“{title}”。" if said == "zh" else f" asks for “{title}”.")
                return SkillMatch(
                    skill=skill.name, title=title, score=1.0, parameters=values, missing=missing, why=why,
                    code=skill.code(),
                )  # fmt: skip
        return None

    def _just_that(self, ranked: Sequence[Scored], reading: Reading) -> Scored | None:
        """Return the learned skill whose phrase the message says, word for word, whatever else is alike."""
        none = max(0.0, 1.0 - sum(scored.score for scored in ranked))
        for scored in ranked:
            alone = scored.score / (scored.score + none) if scored.score else 0.0
            if not scored.skill.sheet.exact or alone < max(_UNLEARNED_THRESHOLD, scored.skill.least_score):
                continue
            if is_said(scored.skill.sheet, reading) and fit_of(scored.skill.sheet, reading, self.lexicon) == "whole":
                return replace(scored, score=alone)
        return None

    def nearest(
        self,
        message: str,
        *,
        entities: Entities | None = None,
        language: str = "",
        toolkits: Collection[str] | None = None,
    ) -> SkillMatch | None:
        """Return the skill most like the message as a worked example, whether or not `match` would use it.

        Its `code` shows the action with the helpers it uses; no parameter is filled.

        Args:
            message: As for `match`.
            entities: As for `match`.
            language: `en` or `zh`; empty: told from the message.
            toolkits: Names of the toolkits there are: what needs another one is no example. None: every skill.
        """
        reading = self.read(message, entities)
        if not (reading.pieces or reading.slots) or not self._compared:
            return None
        there = None if toolkits is None else {name.partition(".")[0] for name in toolkits}
        fitting = (one for one in self.ranker.rank(reading) if there is None or one.skill.toolkits <= there)
        best = next(fitting, None)
        if best is None or best.score < _LIKE_THRESHOLD:
            return None
        said = language or language_of(reading.text)
        return SkillMatch(
            skill=best.skill.name,
            title=best.skill.sheet.title.in_language(said),
            score=round(best.score, 4),
            code=worked_example(best.skill),
        )

    def read(self, message: str, entities: Entities | None = None) -> Reading:
        """Take a message apart, as `match` does."""
        return read_message(message[:_MESSAGE_CHARS], self.lexicon, entities, self._clock())

    def view(self, message: str, entities: Entities | None = None) -> MessageView:
        """Return the message as the matcher sees it; takes about half a millisecond once the weights are loaded."""
        from sanca.memory.matching.ranking import concepts_of, template_of

        reading = self.read(message, entities)
        template = template_of(reading)
        return MessageView(reading, template, concepts_of(reading), self.embed([template])[0])

    def services_named(self, text: str, entities: Entities) -> list[str]:
        """Return every known service that a text names, as often as it does, in the order of the text."""
        return services_named(text, entities.get("service", ()), self.lexicon)

    def knows_word(self, word: str) -> bool:
        """Whether an English word is a usual one; one that is not may be misspelt, or a name."""
        return self.lexicon.is_everyday(word) or self.embed.is_word(word.lower())

    def listing(self, toolkits: Collection[str] | None = None) -> list[dict[str, str]]:
        """Return `name, title_en, title_zh, example_en, example_zh` of the skills, in a good order to read.

        Args:
            toolkits: Names of the toolkits there are: what needs another one is left out. None: every skill.
        """
        there = None if toolkits is None else {name.partition(".")[0] for name in toolkits}
        return [
            {
                "name": skill.name,
                "title_en": skill.sheet.title.en,
                "title_zh": skill.sheet.title.zh,
                "example_en": skill.sheet.phrases.en[0],
                "example_zh": skill.sheet.phrases.zh[0],
            }
            for skill in self.skills
            if there is None or skill.toolkits <= there
        ]

    def skill(self, name: str) -> Skill | None:
        """Return a skill by its name."""
        return next((one for one in self.skills if one.name == name), None)

    def question(self, skill: str, parameter: str, language: str = "en") -> str:
        """Return how to ask for a missing parameter, in words."""
        found = self.skill(skill)
        for declared in found.sheet.parameters if found else ():
            if declared.name == parameter and declared.ask is not None:
                return declared.ask.in_language(language)
        return f"请告诉我 {parameter}。" if language == "zh" else f"Please tell me the {parameter}."


def load_skill_library(folders: Sequence[Path] = (), *, threshold: float = DEFAULT_THRESHOLD) -> SkillLibrary:
    """Read the shipped skills, then those of `folders`; a later skill replaces an earlier one of the same name.

    Raises:
        ConfigurationError: A SKILL.md is wrong; names the file and the field.
    """
    return SkillLibrary(read_skills((SHIPPED_SKILLS, *folders)), threshold=threshold)


def _allowed(scored: Scored, reading: Reading, lexicon: Lexicon) -> bool:
    """A skill that changes something is never guessed: the message must say so in some word the lexicon knows."""
    sheet = scored.skill.sheet
    if not is_said(sheet, reading) or (sheet.exact and fit_of(sheet, reading, lexicon) == "no"):
        return False
    needed = set(sheet.only_with)
    said = {name for piece in reading.pieces for name in piece.concepts}
    said |= {f"slot:{slot.kind}" for slot in reading.slots}
    if names_setting(reading, lexicon):
        said.add("slot:setting")
    return not needed or bool(needed & said)


def _bar(scored: Scored, reading: Reading, *, service_known: bool, threshold: float) -> float:
    """The score that is enough.

    More for a change, for a skill nothing is learned of, when no service is named, and when no word is known.
    """
    if not scored.learned:
        return max(threshold, _UNLEARNED_THRESHOLD, scored.skill.least_score)
    wants = any(parameter.kind == "service" and parameter.required for parameter in scored.skill.sheet.parameters)
    service = reading.first("service")
    certain = not wants or service_known or (service is not None and service.sure)
    understood = any(piece.concepts for piece in reading.pieces)
    lenient = certain and understood and not scored.skill.sheet.changes
    return threshold if lenient else max(threshold, _SURE_THRESHOLD)


def _why(best: Scored, reading: Reading, language: str) -> str:
    said = [f"“{piece.text}”" for piece in reading.pieces if piece.kind == "concept"]
    said += [f"“{slot.value}”" for slot in reading.slots if slot.kind in ("service", "release", "setting")]
    words = ("、" if language == "zh" else ", ").join(dict.fromkeys(said[:6]))
    percent = round(best.score * 100)
    if language == "zh":
        return f"从{words or '整句话'}看,这像是“{best.skill.sheet.title.zh}”({percent}% 把握)。"
    return f"{words or 'The sentence'} sounds like “{best.skill.sheet.title.en}” ({percent} % sure)."
