"""Runs that came out well, and a book of experiences with a clock that can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sanca.core.memory import Scope
from sanca.memory import SkillLibrary, load_skill_library
from sanca.memory.experience import Deed, ExperienceBook, Kept, Taught
from sanca.memory.experience.shelf import SkillShelf
from sanca.memory.memory import Memory

ENTITIES = {"service": ["checkout", "storefront", "payments"], "release": ["v1.0.0", "v1.2.0"]}
OLGA = Scope(tenant="acme", user="olga")
CODE = "bed = meadow.flowers(service='checkout')\nf\"{bed['tulips']} tulips\""
MESSAGE = "how many tulips has the bed of checkout?"


@cache
def library() -> SkillLibrary:
    """Return the shipped skills, read once."""
    return load_skill_library()


def run(message: str = MESSAGE, *codes: str, run_id: str = "run_1", **more: Any) -> Taught:
    """Return a run that came out well."""
    deeds = more.pop("deeds", tuple(Deed(code) for code in codes or (CODE,)))
    toolkits = frozenset({"meadow", "garden", "system", "card"})
    return Taught(run_id, message, deeds, entities=ENTITIES, toolkits=toolkits, **more)


class Teacher:
    """A book, its shelf, and a clock that can be moved."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self.folder = folder / "skills"
        self.book = ExperienceBook(memory, self.folder, fade_days=90, clock=lambda: self.now)
        self.shelf = SkillShelf(library(), self.book)

    def wait(self, days: float) -> None:
        """Let time pass."""
        self.now += timedelta(days=days)

    async def teach(self, taught: Taught, scope: Scope = OLGA) -> Kept:
        """Learn from a run, and have it ready."""
        kept = await self.book.learn(scope, taught, library().read(taught.message, ENTITIES))
        await self.shelf.refresh(scope)
        return kept

    async def served(self, message: str, scope: Scope = OLGA) -> tuple[str, dict[str, Any]]:
        """Return the learned skill that serves a message, and its parameters; empty when none does."""
        await self.shelf.refresh(scope)
        match = self.shelf.of(scope).match(message, entities=ENTITIES)
        is_learned = match is not None and self.shelf.known(scope, match.skill) is not None
        return (match.skill, match.parameters) if match is not None and is_learned else ("", {})
