"""The skills that each user has: shipped ones, the user's own learned ones, the tenant's. Rebuilt beside the loop."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import structlog
from sanca.core.errors import ConfigurationError, StoreError
from sanca.core.memory import Scope
from sanca.core.ports import Entities
from sanca.memory.experience.book import ExperienceBook, Kept
from sanca.memory.matching.library import SkillLibrary
from sanca.memory.skills import Skill

if TYPE_CHECKING:
    from sanca.memory.matching.own_skills import OwnSkills

log = structlog.get_logger()

_UNPROVED, _PROVED = 0.8, 0.65
"""The scores that a learned skill must have before it has helped somebody, and after."""
_SKILLS_MOST, _FAILURES_MOST, _SCOPES_MOST = 200, 100, 256
_ALIKE, _WARNINGS_MOST = 0.6, 2

Signature = tuple[tuple[str, int, str, float, bool], ...]


@dataclass
class _Shelf:
    """What one user has; never changed, only replaced."""

    library: SkillLibrary
    examples: SkillLibrary
    """With skills that are only examples too."""
    known: dict[str, Kept] = field(default_factory=dict)
    """By the skill's name, the user's own first."""
    failures: tuple[Kept, ...] = ()
    alike: OwnSkills | None = None
    """Compares a message with what failed."""
    signature: Signature = ()


class SkillShelf:
    """Which skills a message of a user may be served by. Safe to use from many tasks and threads."""

    def __init__(self, library: SkillLibrary, book: ExperienceBook) -> None:
        """Take the skills that all have, and what keeps the learned ones."""
        self._base = library
        self._book = book
        self._shelves: OrderedDict[Scope, _Shelf] = OrderedDict()
        self._refreshing: dict[Scope, anyio.Lock] = {}

    def skill(self, name: str) -> Skill | None:
        """Return a skill by its name, whosever it is: names of learned ones are of one skill only."""
        libraries = (self._base, *(shelf.library for shelf in tuple(self._shelves.values())))
        return next((found for one in libraries if (found := one.skill(name)) is not None), None)

    def question(self, skill: str, parameter: str, language: str = "en") -> str:
        """Return how to ask for a missing parameter, in words."""
        libraries = (shelf.library for shelf in tuple(self._shelves.values()))
        owner = next((one for one in libraries if one.skill(skill) is not None), self._base)
        return owner.question(skill, parameter, language)

    def of(self, scope: Scope) -> SkillLibrary:
        """Return the library of a user as it was refreshed last."""
        shelf = self._shelves.get(scope)
        return shelf.library if shelf else self._base

    def examples_of(self, scope: Scope) -> SkillLibrary:
        """Return the library that worked examples are taken from: skills that serve no message by themselves too."""
        shelf = self._shelves.get(scope)
        return shelf.examples if shelf else self._base

    def known(self, scope: Scope, skill: str) -> Kept | None:
        """Return what is kept of a learned skill; None when it is a shipped one."""
        shelf = self._shelves.get(scope)
        return shelf.known.get(skill) if shelf else None

    async def refresh(self, scope: Scope) -> None:
        """Read what a user has learned, and build the library anew if it is another; a lost store changes nothing."""
        async with self._refreshing.setdefault(scope, anyio.Lock()):
            try:
                kept = await self._book.all(scope)
                await self._refresh(scope, kept)
                await self._book.sweep(scope, kept)
            except (StoreError, OSError) as error:
                log.warning("learned_skills_not_read", tenant=scope.tenant, reason=str(error))

    async def _refresh(self, scope: Scope, kept: Sequence[Kept]) -> None:
        now = self._book.clock()
        in_use = [one for one in kept if not self._is_aside(one, now)]
        signature = tuple(sorted(_mark(one) for one in in_use))
        shelf = self._shelves.get(scope)
        if shelf is None or shelf.signature != signature:
            shelf = await anyio.to_thread.run_sync(partial(self._build, in_use, signature, now))
        shelf.known |= {one.data.skill: one for one in _own_last(kept) if one.data.skill}
        self._shelves[scope] = shelf
        self._shelves.move_to_end(scope)
        while len(self._shelves) > _SCOPES_MOST:
            gone, _ = self._shelves.popitem(last=False)
            self._refreshing.pop(gone, None)

    def _is_aside(self, one: Kept, now: datetime) -> bool:
        if one.data.outcome == "ok" and one.data.use == "none":
            return True
        return bool(one.data.replaced_by) or one.data.is_faded(now, self._book.fade_days)

    def _build(self, kept: Sequence[Kept], signature: Signature, now: datetime) -> _Shelf:
        best = sorted(kept, key=lambda one: -one.data.score(now, self._book.fade_days))
        taught = [one for one in best if one.data.outcome == "ok"][:_SKILLS_MOST]
        own = {one.record.id for one in taught if one.record.user}
        taught = [one for one in taught if one.record.user or one.record.id not in own]
        skills = {one.data.skill: skill for one in taught if (skill := self._read(one)) is not None}
        fast = [skills[one.data.skill] for one in taught if one.data.use == "fast_path" and one.data.skill in skills]
        library = self._base.with_more(fast) if fast else self._base
        is_more = len(skills) > len(fast)
        examples = self._base.with_more(list(skills.values())) if is_more else library
        failures = tuple([one for one in best if one.data.outcome == "failed"][:_FAILURES_MOST])
        return _Shelf(library, examples, {}, failures, self._comparer(failures), signature)

    def _read(self, one: Kept) -> Skill | None:
        try:
            skill = self._book.folders.read(one.scope, one.data.skill)
        except (ConfigurationError, OSError) as error:
            log.warning("learned_skill_not_read", skill=one.data.skill, reason=str(error))
            return None
        return skill.model_copy(update={"least_score": _PROVED if one.data.helped else _UNPROVED})

    def _comparer(self, failures: Sequence[Kept]) -> OwnSkills | None:
        if not failures:
            return None
        from sanca.memory.matching.own_skills import OwnSkills

        return OwnSkills([_as_skill(one) for one in failures], self._base.lexicon, self._base.embed)

    def warnings(self, scope: Scope, message: str, entities: Entities | None = None) -> list[str]:
        """Return what failed when something alike was asked, and why, the likest first. Blocking."""
        shelf = self._shelves.get(scope)
        if shelf is None or shelf.alike is None:
            return []
        view = self._base.view(message, entities)
        rows = shelf.alike.features(view.reading, view.vector)
        likeness = zip(rows[:, 0].tolist(), shelf.failures, strict=True)
        near = sorted(((like, one) for like, one in likeness if like >= _ALIKE), key=lambda pair: -pair[0])
        return [one.data.why for _, one in near[:_WARNINGS_MOST]]


def _own_last(kept: Sequence[Kept]) -> list[Kept]:
    """Return the tenant's first, so that the user's own of the same name stands in its place."""
    return sorted(kept, key=lambda one: bool(one.record.user))


def _mark(one: Kept) -> tuple[str, int, str, float, bool]:
    """Return what of an experience the library depends on."""
    data = one.data
    return (
        f"{one.record.user}/{one.record.id}",
        len(data.phrases),
        f"{data.use} {data.title}",
        data.proof == "ran",
        data.helped > 0,
    )


def _as_skill(one: Kept) -> Skill:
    """Return a failure as a skill that has phrases and nothing else, for the comparison."""
    from sanca.memory.skills import SHIPPED_SKILLS, Bilingual, Phrases, SkillSheet

    phrases = one.data.phrases or (one.record.text[:300],)
    sheet = SkillSheet(title=Bilingual(en=phrases[0], zh=phrases[0]), phrases=Phrases(en=phrases, zh=phrases))
    return Skill(name=one.record.id, description=one.data.title or "failed", sheet=sheet, folder=SHIPPED_SKILLS)
