"""How a skill's missing parameter is asked for, what may be answered, and the answer as the action wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from sanca.memory import Skill, SkillParameter

_NAMED_THINGS = {"service", "release"}
_NUMBERS = {"number", "minutes"}


class Skills(Protocol):
    """Skills by their names."""

    def skill(self, name: str) -> Skill | None:
        """Return a skill by its name."""

    def question(self, skill: str, parameter: str, language: str = "en") -> str:
        """Return how to ask for a missing parameter, in words."""


class SkillQuestions:
    """Reads the skills' sheets."""

    def __init__(self, library: Skills) -> None:
        self._library = library

    def question(self, skill: str, parameter: str, language: str) -> str:
        """Return the question in the language."""
        return self._library.question(skill, parameter, language)

    def choices(self, skill: str, parameter: str, entities: Mapping[str, Sequence[str]]) -> list[str]:
        """Return what may be answered; empty when anything may."""
        declared = self._declared(skill, parameter)
        if declared is None:
            return []
        return list(entities.get(declared.kind, ())) if declared.kind in _NAMED_THINGS else list(declared.choices)

    def value(self, skill: str, parameter: str, text: str) -> str | int | float:
        """Return the answer as the action wants it: a number where one is asked for."""
        declared = self._declared(skill, parameter)
        if declared is not None and declared.kind in _NUMBERS:
            with suppress(ValueError):
                number = float(text.strip().replace(",", ""))
                return int(number) if number.is_integer() else number
        return text.strip()

    def _declared(self, skill: str, parameter: str) -> SkillParameter | None:
        found = self._library.skill(skill)
        parameters = found.sheet.parameters if found else ()
        return next((declared for declared in parameters if declared.name == parameter), None)
