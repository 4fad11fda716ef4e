"""`sanca memory compact`: sums up a user's days now, with or without a running engine. By rule: no model is asked."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, date, datetime, tzinfo

import anyio
from rich.console import Console
from sanca.core.errors import ConfigurationError, RecordConflictError
from sanca.core.home import find_home
from sanca.core.memory import RecordFilter, Scope
from sanca.memory import MemorySettings
from sanca.memory.day_summaries import DayReport
from sanca.memory.day_summaries.days import day_of
from sanca.memory.memory import Memory
from sanca.python_runtime.cli.memory_access import open_memory
from sanca.python_runtime.memory_parts import MemoryParts, make_memory_parts

_TRIES = 3


def compact_memory(day: str, *, tenant: str, user: str, as_json: bool) -> None:
    """Sum up one day, or all days that are over, and say what was done.

    Raises:
        ConfigurationError: The day is no date.
        StoreError: The store cannot be opened or refuses.
    """
    if day:
        _check_day(day)
    scope = Scope(tenant=tenant, user=user or getpass.getuser())
    reports = anyio.run(_compact, scope, day)
    if as_json:
        for one in reports:
            print(json.dumps(vars(one), ensure_ascii=False))  # noqa: T201 - what scripts read
        return
    console = Console(highlight=False, soft_wrap=True)
    for one in reports:
        told = [f"{len(found)} {what}" for what, found in _found(one) if found]
        console.print(f"{one.day}: {one.messages} messages, {', '.join(told) or 'nothing new'}")
        if one.problem:
            console.print(f"  {one.problem}")
    if not reports:
        console.print("There is no day to sum up.")


def _found(report: DayReport) -> list[tuple[str, list[str]]]:
    return [
        ("sections written", report.written),
        ("changed by you", report.edited),
        ("deleted by you", report.removed),
    ]


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ConfigurationError(f"{day!r} is no day; write it as 2026-11-22.", setting="--day") from None


async def _compact(scope: Scope, day: str) -> list[DayReport]:
    async with open_memory() as (store, memory):
        parts = make_memory_parts(MemorySettings(), find_home(), store)
        zone = await parts.zone(scope)
        days = [day] if day else await _days_over(memory, scope, zone)
        return [await _one(parts, scope, one, zone) for one in days]


async def _days_over(memory: Memory, scope: Scope, zone: tzinfo) -> list[str]:
    today = datetime.now(UTC).astimezone(zone).date().isoformat()
    found: set[str] = set()
    async for page, _ in memory.store.scan(scope, RecordFilter(layers=("message",), own_only=True)):
        found |= {day for one in page if (day := day_of(one, zone)) and day < today}
    return sorted(found)


async def _one(parts: MemoryParts, scope: Scope, day: str, zone: tzinfo) -> DayReport:
    for _ in range(_TRIES - 1):
        try:
            return await parts.days.compact(scope, day, zone)
        except RecordConflictError:  # a running engine did the same just now
            continue
    return await parts.days.compact(scope, day, zone)
