"""What runs taught: experiences kept as records with their skills as folders, merged, counted, withdrawn and shared."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import structlog
from sanca.core.errors import RecordConflictError
from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.experience.folders import SkillFolders
from sanca.memory.experience.records import (
    FAILURES_MOST,
    MESSAGES_MOST,
    PHRASES_MOST,
    RUNS_MOST,
    Experience,
    LearnedParameter,
)
from sanca.memory.experience.skeleton import skeleton_of
from sanca.memory.experience.taught import NotLearnedError, Skeleton, Taught
from sanca.memory.matching.slots import Reading
from sanca.memory.memory import Memory

log = structlog.get_logger()

_LAYER = RecordFilter(layers=("experience",))
_OWN = RecordFilter(layers=("experience",), own_only=True)
_TRIES = 3
_ORPHAN_SECONDS = 300
"""A folder without a record is younger than this while its record is being written, or not found yet."""

Change = Callable[[Experience], Experience]


@dataclass(frozen=True)
class Kept:
    """An experience as it is kept."""

    record: MemoryRecord
    data: Experience

    @property
    def scope(self) -> Scope:
        """Whose it is."""
        return Scope(tenant=self.record.tenant, user=self.record.user)


class ExperienceBook:
    """Keeps experiences of all users, each in its scope. Safe to use from many tasks; one learns at a time."""

    def __init__(
        self,
        memory: Memory,
        folder: Path,
        *,
        fade_days: int = 90,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take where it keeps things.

        Args:
            memory: Keeps the records, masked.
            folder: `<home>/skills`; made when the first skill is learned.
            fade_days: After so many days without use a skill is put aside; 0: never.
            clock: Tells the time.
        """
        self.memory = memory
        self.folders = SkillFolders(folder)
        self.fade_days = fade_days
        self.clock = clock
        self._one_at_a_time = anyio.Lock()

    async def all(self, scope: Scope, *, own_only: bool = False) -> list[Kept]:
        """Return what a user's runs and the tenant's taught, oldest first."""
        found: list[Kept] = []
        async for records, _ in self.memory.store.scan(scope, _OWN if own_only else _LAYER):
            found += [Kept(record, Experience.of(record)) for record in records]
        return found

    async def learn(self, scope: Scope, taught: Taught, reading: Reading) -> Kept:
        """Keep what a run that came out well teaches; the same again adds its words and counts.

        Args:
            scope: The user whose run it was.
            taught: What the run did.
            reading: Its message, as the matcher reads it.

        Raises:
            NotLearnedError: Nothing is to be learned; says why.
            StoreError: It cannot be kept.
        """
        skeleton, parameters = skeleton_of(taught, reading, self.memory.masker.mask)
        declared = tuple(LearnedParameter(name=one.name, kind=one.kind, take=one.take) for one in parameters)
        async with self._one_at_a_time:
            known = await self.all(scope, own_only=True)
            same = next((one for one in known if one.record.id == f"exp-{skeleton.digest}"), None)
            kept = (
                await self._merge(same, skeleton, taught)
                if same
                else await self._add(scope, skeleton, declared, taught)
            )
            await self._replace_others(known, kept, skeleton.phrase)
        return kept

    async def learn_failure(
        self, scope: Scope, run_id: str, message: str, phrase: str, why: str, *, situation: dict[str, str]
    ) -> Kept | None:
        """Keep that a way did not work, and why; shown as a warning where a message is alike. None: nothing to tell."""
        mask = self.memory.masker.mask
        plain = " ".join(mask(why).split())[:500]
        if not plain or len(message) > 1_000:
            return None
        digest = hashlib.sha256(f"failed\n{phrase}\n{_figures_out(plain)}".encode()).hexdigest()[:16]
        async with self._one_at_a_time:
            known = await self.memory.get(scope, _key(scope, f"exp-{digest}"))
            if known is not None:
                return await self.change(Kept(known, Experience.of(known)), partial(_seen_again, run_id=run_id))
            data = Experience(
                outcome="failed", use="none", title=plain[:80], situation=situation, phrases=(mask(phrase),), why=plain,
                run_ids=(run_id,), made_at=self._now(), failed=1,
            )  # fmt: skip
            record = _record(scope, f"exp-{digest}", message, data)
            await self.memory.add([record])
        return Kept(record, data)

    async def used(self, kept: Kept, run_id: str, *, ok: bool, why: str = "") -> Kept:
        """Count that a skill served a message, or that it failed; who fails twice in a row is withdrawn."""

        def count(data: Experience) -> Experience:
            changes: dict[str, Any] = {
                "last_used_at": self._now(), "run_ids": _with(data.run_ids, run_id, RUNS_MOST),
            }  # fmt: skip
            if ok:
                return data.model_copy(update={**changes, "helped": data.helped + 1, "failed_in_row": 0})
            failed = data.failed_in_row + 1
            changes |= {"failed": data.failed + 1, "failed_in_row": failed, "why": why or data.why}
            if failed >= FAILURES_MOST:
                changes["use"] = "none"
            return data.model_copy(update=changes)

        return await self.change(kept, count)

    async def withdraw(self, kept: Kept, why: str) -> Kept:
        """Take a skill out of use because a person said that it is wrong."""
        plain = " ".join(self.memory.masker.mask(why).split())[:500]
        taken_out = {"use": "none", "disliked": True, "why": plain, "failed": kept.data.failed + 1}
        return await self.change(kept, lambda data: data.model_copy(update=taken_out))

    async def praise(self, kept: Kept) -> Kept:
        """Bring back what was withdrawn, or count that it helped: a person said that it is right."""

        def better(data: Experience) -> Experience:
            use = "fast_path" if data.use == "none" and not data.replaced_by else data.use
            return data.model_copy(
                update={"use": use, "disliked": False, "failed_in_row": 0, "helped": data.helped + 1}
            )

        return await self.change(kept, better)

    async def share(self, kept: Kept) -> Kept:
        """Give a skill to the whole tenant; the user's own stays. What was asked is told by its phrases alone.

        Raises:
            NotLearnedError: It serves no message.
        """
        if kept.data.use != "fast_path":
            raise NotLearnedError(f"The skill {kept.data.skill!r} is not in use, so there is nothing to share.")
        tenant = Scope(tenant=kept.record.tenant, user="")
        skill = await anyio.to_thread.run_sync(self.folders.read, kept.scope, kept.data.skill)
        code = (skill.folder / "action.py").read_text(encoding="utf-8")
        data = kept.data.model_copy(update={"run_ids": (), "situation": {}})
        await anyio.to_thread.run_sync(self.folders.write, tenant, data, code)
        record = _record(tenant, kept.record.id, "\n".join(data.phrases), data)
        await self.memory.add([record])
        return Kept(record, data)

    async def forget(self, kept: Kept) -> None:
        """Forget an experience, its skill too."""
        own = RecordFilter(layers=("experience",), ids=(kept.record.id,), own_only=True)
        await self.memory.forget(kept.scope, own)
        if kept.data.skill:
            await anyio.to_thread.run_sync(self.folders.remove, kept.scope, kept.data.skill)

    async def sweep(self, scope: Scope, known: Sequence[Kept]) -> None:
        """Delete folders whose record was forgotten."""
        held = {one.data.skill for one in known if one.scope == scope}
        now = time.time()  # what files' times are compared with

        def sweep() -> None:
            for name in self.folders.names(scope):
                if name not in held and self.folders.age_seconds(scope, name, now) > _ORPHAN_SECONDS:
                    self.folders.remove(scope, name)

        await anyio.to_thread.run_sync(sweep)

    async def change(self, kept: Kept, change: Change) -> Kept:
        """Change an experience's data; another change meanwhile is read and built upon.

        Raises:
            RecordConflictError: Others changed it again and again.
        """
        current = kept
        for attempt in range(_TRIES):
            data = change(current.data)
            record = current.record.model_copy(update={"data": data.as_data()})
            try:
                await self.memory.store.put([record])  # its words are as they were: masked, and with their vector
            except RecordConflictError:
                found = await self.memory.get(current.scope, current.record.key)
                if found is None or attempt == _TRIES - 1:
                    raise
                current = Kept(found, Experience.of(found))
                continue
            now_kept = await self.memory.get(current.scope, record.key)
            return Kept(now_kept or record, data)
        raise AssertionError("unreachable")

    # -- learning -----------------------------------------------------------------------------------------------------

    async def _add(
        self, scope: Scope, skeleton: Skeleton, parameters: tuple[LearnedParameter, ...], taught: Taught
    ) -> Kept:
        title = taught.title or _title(skeleton.phrase)
        data = Experience(
            skill=_skill_name(title, skeleton.digest), title=title, phrases=(skeleton.phrase,), says=skeleton.says,
            situation={"scenario": taught.scenario, "language": taught.language}, parameters=parameters,
            use=skeleton.use, why=skeleton.why_not, by=taught.by, writes=skeleton.writes, proof="loaded",
            evidence=tuple(self.memory.masker.mask(one)[:200] for one in taught.evidence[:10]),
            run_ids=(taught.run_id,), made_at=self._now(),
        )  # fmt: skip
        await anyio.to_thread.run_sync(self.folders.write, scope, data, skeleton.code)
        record = _record(scope, f"exp-{skeleton.digest}", taught.message, data)
        await self.memory.add([record])
        return Kept(await self.memory.get(scope, record.key) or record, data)

    async def _merge(self, same: Kept, skeleton: Skeleton, taught: Taught) -> Kept:
        """Add the words of a further run that did the same."""
        before = same.data
        changes: dict[str, Any] = {
            "run_ids": _with(before.run_ids, taught.run_id, RUNS_MOST), "last_used_at": self._now(),
        }  # fmt: skip
        if skeleton.says == before.says or not skeleton.says:
            fits = skeleton.use == "fast_path" and set(_kinds(skeleton.phrase)) == set(_kinds(before.phrases[0]))
            if fits and skeleton.says == before.says:
                changes["phrases"] = _with(before.phrases, skeleton.phrase, PHRASES_MOST)
        if taught.title:
            changes["title"] = taught.title
        if before.use != "fast_path" and skeleton.use == "fast_path" and (not before.disliked or taught.by == "person"):
            changes |= {"use": "fast_path", "failed_in_row": 0, "replaced_by": "", "why": "", "disliked": False}
        data = before.model_copy(update=changes)
        await anyio.to_thread.run_sync(self.folders.write, same.scope, data, skeleton.code)
        said = same.record.text.splitlines()
        text = "\n".join(_with(said, self.memory.masker.mask(taught.message), MESSAGES_MOST))
        record = same.record.model_copy(update={"text": text, "title": data.title, "data": data.as_data()})
        await self.memory.add([record])
        return Kept(await self.memory.get(same.scope, record.key) or record, data)

    async def _replace_others(self, known: Sequence[Kept], kept: Kept, phrase: str) -> None:
        """Of two ways to do the same the one that came out well now is used; what had failed is solved."""
        if kept.data.use != "fast_path":
            return
        for other in known:
            is_same = other.record.id == kept.record.id
            if is_same or other.data.replaced_by or phrase not in other.data.phrases:
                continue
            await self.change(other, partial(_replaced, by=kept.data.skill))

    def _now(self) -> str:
        return self.clock().isoformat(timespec="milliseconds")


def _key(scope: Scope, name: str) -> RecordKey:
    return RecordKey(layer="experience", id=name, user=scope.user)


def _record(scope: Scope, name: str, text: str, data: Experience) -> MemoryRecord:
    return MemoryRecord(
        tenant=scope.tenant, user=scope.user, layer="experience", id=name, text=text, title=data.title,
        document=data.skill, time=data.made_at, language=data.situation.get("language", ""),
        source=data.run_ids[0] if data.run_ids else "", data=data.as_data(),
    )  # fmt: skip


def _with(items: Sequence[str], one: str, most: int) -> tuple[str, ...]:
    """Return the items with a further one at their end, each once, the oldest left out."""
    return tuple(dict.fromkeys([*(item for item in items if item != one), one]))[-most:]


def _seen_again(data: Experience, run_id: str) -> Experience:
    runs = _with(data.run_ids, run_id, RUNS_MOST)
    return data.model_copy(update={"failed": data.failed + 1, "run_ids": runs})


def _replaced(data: Experience, by: str) -> Experience:
    return data.model_copy(update={"replaced_by": by, "use": "none"})


def _kinds(phrase: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", phrase)


def _title(phrase: str) -> str:
    """Return a title from a phrase: what it names left open."""
    open_ = re.sub(r"[\s.?!。?!]+$", "", re.sub(r"\{(\w+)\}", "…", phrase))
    return f"{open_[:1].upper()}{open_[1:]}"[:120]


def _skill_name(title: str, digest: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "_".join(["learned", *words[:4], digest[:8]])


def _figures_out(text: str) -> str:
    """Return a reason without its figures, so that the same failure of another day is the same."""
    return re.sub(r"\d+", "#", text)
