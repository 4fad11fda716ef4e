"""Sums up days: records of layer `summary`, and beside them a Markdown file a person may edit. Runs nothing by itself.

A day's mark, the record `user-<day>-0`, is written last: a day that was cut off is done again, and one that is done
stays as it is. What a person changed, in the file or on the page, is never written over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog
from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.day_summaries import day_file
from sanca.memory.day_summaries.day_file import Section
from sanca.memory.day_summaries.days import bounds_of
from sanca.memory.day_summaries.sections import Wording, digest, digest_of, section_of
from sanca.memory.memory import Memory

log = structlog.get_logger()


@dataclass
class DayReport:
    """What compacting a day did."""

    day: str
    messages: int = 0
    written: list[str] = field(default_factory=list)
    """Ids of sections that were made or made anew."""
    edited: list[str] = field(default_factory=list)
    """Ids of sections that a person changed since the last time."""
    removed: list[str] = field(default_factory=list)
    problem: str = ""
    """Why the file could not be read or written; the records are right all the same."""


class DaySummaries:
    """Days of users, in short. May be called from many tasks; a day at a time by one of them."""

    def __init__(self, memory: Memory, folder: Path | None, *, wording: Wording | None = None) -> None:
        """Take what it works with.

        Args:
            memory: Where messages are read and summaries kept.
            folder: Where the Markdown lies; None: records only (Elasticsearch, encrypted stores).
            wording: A model's summary; None: by rule.
        """
        self._memory = memory
        self._folder = folder
        self._wording = wording
        self._looked_at: dict[tuple[Scope, str], int] = {}
        """Times of files that were compared with their marks."""

    async def compact(self, scope: Scope, day: str, zone: tzinfo) -> DayReport:
        """Sum up a day; again only what changed since.

        Raises:
            StoreUnavailableError: The store does not answer; call again.
            RecordConflictError: Somebody changed a summary meanwhile; call again.
            ValueError: `day` is no day such as 2026-11-22.
        """
        report = DayReport(day)
        known = await self._known(scope, day)
        mark = known.pop(_mark_id(day), None)
        removed = _removed(mark, known)
        known = await self._take_edits(scope, day, known, removed, report)
        talks = await self._talks(scope, day, zone)
        report.messages = sum(map(len, talks.values()))
        if not talks and not known and mark is None:
            return report  # nothing was ever said, or all of it was forgotten
        for session, messages in talks.items():
            await self._sum_up(scope, day, zone, (session, messages), known, removed, report)
        await self._finish(scope, day, known, removed, mark, report)
        return report

    async def take_edits(self, scope: Scope, day: str) -> DayReport:
        """Take what a person changed in a day's file, or on the page, into the other; sums up nothing."""
        report = DayReport(day)
        known = await self._known(scope, day)
        mark = known.pop(_mark_id(day), None)
        if mark is None:
            return report  # not finished yet: compacting takes the edits
        removed = _removed(mark, known)
        known = await self._take_edits(scope, day, known, removed, report)
        await self._finish(scope, day, known, removed, mark, report)
        return report

    async def changed_files(self) -> list[tuple[Scope, str]]:
        """Return whose days have a file that was changed since it was written."""
        if self._folder is None:
            return []
        found = []
        for tenant, user, day, changed_at in await anyio.to_thread.run_sync(_files, self._folder):
            scope = Scope(tenant=tenant, user=user)
            if self._looked_at.get((scope, day)) == changed_at:
                continue
            self._looked_at[scope, day] = changed_at
            mark = await self._memory.get(scope, _mark_key(scope, day))
            if mark is not None and mark.data.get("file_time") != changed_at:
                found.append((scope, day))
        return found

    async def forget_session(self, scope: Scope, session_id: str) -> int:
        """Forget a session's sections, in records and files; returns how many there were."""
        which = RecordFilter(layers=("summary",), session_ids=(session_id,), own_only=True)
        days = {one.document async for page, _ in self._memory.store.scan(scope, which) for one in page}
        if self._folder is not None:  # the store forgets a deleted session's records by itself
            days |= await anyio.to_thread.run_sync(_days_with, self._folder, scope, session_id)
        count = await self._memory.forget(scope, which)
        for day in sorted(days):
            await self._rewrite(scope, day)
        return count

    # -- the steps ----------------------------------------------------------------------------------------------------

    async def _known(self, scope: Scope, day: str) -> dict[str, MemoryRecord]:
        which = RecordFilter(layers=("summary",), documents=(day,), own_only=True)
        return {one.id: one async for page, _ in self._memory.store.scan(scope, which) for one in page}

    async def _talks(self, scope: Scope, day: str, zone: tzinfo) -> dict[str, list[MemoryRecord]]:
        since, until = bounds_of(day, zone)
        which = RecordFilter(layers=("message",), since=since, until=until, own_only=True)
        talks: dict[str, list[MemoryRecord]] = defaultdict(list)
        async for page, _ in self._memory.store.scan(scope, which):
            for record in page:
                if record.text.strip() and record.data.get("role") != "system":
                    talks[record.session_id].append(record)
        return {name: sorted(found, key=lambda one: one.position) for name, found in talks.items()}

    async def _take_edits(
        self, scope: Scope, day: str, known: dict[str, MemoryRecord], removed: set[str], report: DayReport
    ) -> dict[str, MemoryRecord]:
        """Return the day's records with what a person changed in either place."""
        sections = await self._read(scope, day, report)
        result = dict(known)
        for name, record in known.items():
            section = next((one for one in sections or () if one.id == name), None)
            if sections is not None and section is None and record.data.get("in_file"):
                await self._memory.forget(scope, _only(record))
                removed.add(name)
                report.removed.append(name)
                del result[name]
            elif changed := _edited(record, section):
                result[name] = await self._keep(scope, changed)
                report.edited.append(name)
        for section in sections or ():
            if not section.id:
                record = _own_section(scope, day, section, result)
                result[record.id] = await self._keep(scope, record)
                report.edited.append(record.id)
        return result

    async def _sum_up(
        self,
        scope: Scope,
        day: str,
        zone: tzinfo,
        talk: tuple[str, Sequence[MemoryRecord]],
        known: dict[str, MemoryRecord],
        removed: set[str],
        report: DayReport,
    ) -> None:
        """Make a session's section, or make it anew; after one that a person changed a further one for what came."""
        session, messages = talk
        own = sorted((one for one in known.values() if one.session_id == session), key=lambda one: one.position)
        gone = [name for name in removed if name.startswith(f"{session}-{day}-")]
        if gone and not own:
            return
        number = max((one.position for one in own), default=0)
        if own and not own[-1].data.get("edited"):
            before = own[-2].data.get("through", 0) if len(own) > 1 else 0
            part = [one for one in messages if one.position > before]
            if not part or own[-1].data.get("of") == digest_of(part):
                return
        else:
            through = own[-1].data.get("through", 0) if own else 0
            part = [one for one in messages if one.position > through]
            number += 1
            if not part:
                return
        made = await section_of(scope, day, number, part, zone, self._wording)
        old = known.get(made.id)
        known[made.id] = await self._keep(scope, made.model_copy(update={"revision": old.revision if old else 0}))
        report.written.append(made.id)

    async def _keep(self, scope: Scope, record: MemoryRecord) -> MemoryRecord:
        """Keep a section with the digest of what is kept; returns it as the store has it."""
        text, title = day_file.fitting(self._memory.masker.mask(record.text)), self._memory.masker.mask(record.title)
        data = {**record.data, "digest": digest(text), "in_file": self._folder is not None}
        await self._memory.add([record.model_copy(update={"text": text, "title": title, "data": data})])
        kept = await self._memory.get(scope, record.key)
        return kept or record

    async def _finish(
        self,
        scope: Scope,
        day: str,
        known: dict[str, MemoryRecord],
        removed: set[str],
        mark: MemoryRecord | None,
        report: DayReport,
    ) -> None:
        """Write the file, and last the day's mark."""
        file_time = await self._write(scope, day, known.values(), report)
        titles = "; ".join(one.title for one in _in_order(known.values()))
        data = {
            "by": "rule",
            "edited": False,
            "removed": sorted(removed),
            "file_time": file_time,
            "ids": sorted(known),
        }
        if mark is not None and (mark.text, mark.data) == (f"{day}: {titles}"[:4_000], data):
            return
        time = max((one.time for one in known.values()), default="")
        await self._memory.add([
            MemoryRecord(
                tenant=scope.tenant, user=scope.user, layer="summary", id=_mark_id(day), document=day, time=time,
                title=day, text=f"{day}: {titles}"[:4_000], data=data, revision=mark.revision if mark else 0,
            )
        ])  # fmt: skip

    # -- the file -----------------------------------------------------------------------------------------------------

    async def _read(self, scope: Scope, day: str, report: DayReport) -> list[Section] | None:
        if self._folder is None:
            return None
        path = day_file.path_of(self._folder, scope.tenant, scope.user, day)
        try:
            return await anyio.to_thread.run_sync(day_file.read, path)
        except (OSError, ValueError) as error:
            report.problem = f"The summary file {path.name} could not be read: {error}."
            log.warning("day_file_unreadable", day=day, reason=str(error))
            return None

    async def _write(self, scope: Scope, day: str, records: Any, report: DayReport) -> int:
        if self._folder is None or report.problem:  # an unreadable file may hold a person's words
            return 0
        path = day_file.path_of(self._folder, scope.tenant, scope.user, day)
        text = day_file.render(day, [Section(one.id, one.title, one.text) for one in _in_order(records)])
        try:
            return await anyio.to_thread.run_sync(_write_changed, path, text)
        except OSError as error:
            report.problem = f"The summary file {path.name} could not be written: {error}."
            log.warning("day_file_not_written", day=day, reason=str(error))
            return 0

    async def _rewrite(self, scope: Scope, day: str) -> None:
        known = await self._known(scope, day)
        mark = known.pop(_mark_id(day), None)
        report = DayReport(day)
        if known:
            await self._finish(scope, day, known, _removed(mark, {}) if mark else set(), mark, report)
            return
        if mark is not None:
            await self._memory.forget(scope, _only(mark))
        if self._folder is not None:
            path = day_file.path_of(self._folder, scope.tenant, scope.user, day)
            await anyio.to_thread.run_sync(lambda: path.unlink(missing_ok=True))


def _edited(record: MemoryRecord, section: Section | None) -> MemoryRecord | None:
    """Return a record with what a person wrote in its place; None when nobody changed it. The file's words win."""
    last = record.data.get("digest", "")
    in_file = section is not None and (digest(section.body) != last or section.title != record.title)
    if in_file and section is not None:
        text, title = section.body, section.title
    elif digest(record.text) != last:
        text, title = record.text, record.title
    else:
        return None
    data = {**record.data, "edited": True}
    return record.model_copy(update={"text": text, "title": title, "data": data})


def _removed(mark: MemoryRecord | None, known: Mapping[str, MemoryRecord]) -> set[str]:
    """Return the sections that a person deleted, in the file or on the page: they are not made again."""
    if mark is None:
        return set()
    return {*mark.data.get("removed", ()), *(name for name in mark.data.get("ids", ()) if name not in known)}


def _own_section(scope: Scope, day: str, section: Section, known: dict[str, MemoryRecord]) -> MemoryRecord:
    number = 1 + max((one.position for one in known.values() if not one.session_id), default=0)
    return MemoryRecord(
        tenant=scope.tenant, user=scope.user, layer="summary", id=f"user-{day}-{number}", document=day,
        time=f"{day}T12:00:00+00:00", title=section.title, text=section.body, position=number,
        data={"by": "user", "edited": True, "from_ids": []},
    )  # fmt: skip


def _in_order(records: Any) -> list[MemoryRecord]:
    return sorted(records, key=lambda one: (one.time, one.session_id, one.position))


def _only(record: MemoryRecord) -> RecordFilter:
    sessions = (record.session_id,) if record.session_id else ()
    return RecordFilter(layers=("summary",), ids=(record.id,), session_ids=sessions, own_only=True)


def _mark_id(day: str) -> str:
    return f"user-{day}-0"


def _mark_key(scope: Scope, day: str) -> RecordKey:
    return RecordKey(layer="summary", id=_mark_id(day), user=scope.user)


def _write_changed(path: Path, text: str) -> int:
    """Write a file unless it says so already."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return path.stat().st_mtime_ns
    except FileNotFoundError:
        return day_file.write(path, text)
    return day_file.write(path, text)


def _days_with(folder: Path, scope: Scope, session_id: str) -> set[str]:
    """Return the days whose files have a section of a session."""
    paths = day_file.path_of(folder, scope.tenant, scope.user, "*").parent.glob("????-??-??.md")
    return {
        path.stem
        for path in paths
        if any(one.id.startswith(f"{session_id}-{path.stem}-") for one in day_file.read(path) or ())
    }


def _files(folder: Path) -> list[tuple[str, str, str, int]]:
    return [(*day_file.owner_of(path), path.stat().st_mtime_ns) for path in sorted(folder.glob("*/*/????-??-??.md"))]
