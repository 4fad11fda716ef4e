"""What prompts show of what was learned: the skill that served a message alike, and what failed then. Asks no model."""

from __future__ import annotations

from collections.abc import Sequence

from sanca.core.memory import Scope
from sanca.core.ports import Entities, SkillLibrary
from sanca.memory.experience.shelf import SkillShelf


class Examples:
    """A user's worked examples and warnings, as they are now."""

    def __init__(self, shelf: SkillShelf) -> None:
        """Take the skills of all users."""
        self._shelf = shelf

    def of(self, scope: Scope) -> SkillLibrary:
        """Return the library that a user's examples are taken from."""
        return self._shelf.examples_of(scope)

    def warnings(self, scope: Scope, message: str, entities: Entities | None) -> Sequence[str]:
        """Return what failed when something alike was asked, and why. Blocking."""
        return self._shelf.warnings(scope, message, entities)
