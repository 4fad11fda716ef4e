"""What `sanca knowledge` does and prints. It works on the store itself, whether an engine is running or not."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sanca.core.errors import ConfigurationError
from sanca.core.memory import Scope
from sanca.memory.knowledge import AddedFolder, Findings, KnowledgeBase, KnownDocument, add_path, doubts_of
from sanca.memory.knowledge import check as check_documents
from sanca.python_runtime.cli.memory_access import open_memory

Value = TypeVar("Value")
_DAYS = {"": 1.0, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([dwmy]?)")
_REMARKS_SHOWN = 20


def add_and_tell(path: Path, valid_for: str, *, tenant: str, as_json: bool) -> int:
    """Add a file or folder and print what became of it; return the exit code.

    Raises:
        SancaError: The path, the validity or the store cannot be used.
    """
    days = days_of(valid_for)
    progress = None if as_json or not sys.stderr.isatty() else _show_progress

    async def work(knowledge: KnowledgeBase) -> AddedFolder:
        return await add_path(knowledge, _scope(tenant), path, valid_for_days=days, progress=progress)

    result = _with_knowledge(work)
    if progress:
        Console(stderr=True).print("", end="\r")
    (_print_added_json if as_json else _print_added)(result)
    return 1 if result.refused else 0


def days_of(valid_for: str) -> float | None:
    """Return a validity in days; None: as before.

    Raises:
        ConfigurationError: It is none.
    """
    if not valid_for.strip():
        return None
    found = _SPAN.fullmatch(valid_for.strip().lower())
    if found is None or float(found[1]) > 36_500:
        raise ConfigurationError(
            f"--valid-for is {valid_for!r}; it must be a number of days, weeks, months or years: 90d, 12w, 3m, 1y.",
            setting="--valid-for",
        )
    return float(found[1]) * _DAYS[found[2]]


def print_documents(*, tenant: str, as_json: bool) -> None:
    """Print a line a document."""

    async def work(knowledge: KnowledgeBase) -> list[KnownDocument]:
        return await knowledge.documents(_scope(tenant))

    found = _with_knowledge(work)
    now = datetime.now(UTC)
    if as_json:
        for document in found:
            _print_json(_as_json(document, now))
        return
    if not found:
        print("It knows no documents yet; add some with `sanca knowledge add PATH`.")  # noqa: T201
        return
    table = Table(
        Column("document", overflow="fold"), "kind", "pieces", "checked", "valid until", "", box=None, pad_edge=False
    )
    for document in found:
        kind = "runbook" if document.is_runbook else document.kind
        day, until = document.checked_at[:10], document.valid_until[:10] or "-"
        note = "; ".join(doubts_of(document, now))
        table.add_row(escape(document.name), kind, str(document.pieces), day, until, note)
    Console().print(table)


def forget_and_tell(name: str, *, tenant: str, as_json: bool) -> int:
    """Forget a document, or all in a folder of that name; return the exit code."""

    async def work(knowledge: KnowledgeBase) -> dict[str, int]:
        names = [document.name for document in await knowledge.documents(_scope(tenant))]
        folder = f"{name.rstrip('/')}/"
        meant = [one for one in names if one == name] or [one for one in names if one.startswith(folder)]
        return {one: await knowledge.forget(_scope(tenant), one) for one in meant}

    forgotten = _with_knowledge(work)
    if as_json:
        _print_json({"forgotten": forgotten})
    elif not forgotten:
        print(f"It knows no document {name!r}; `sanca knowledge list` names them.", file=sys.stderr)  # noqa: T201
    else:
        print(f"Forgot {_count(len(forgotten), 'document')}, {_count(sum(forgotten.values()), 'piece')}.")  # noqa: T201
    return 0 if forgotten else 1


def check_and_tell(*, tenant: str, as_json: bool) -> int:
    """Print what is to be seen to; return the exit code."""

    async def work(knowledge: KnowledgeBase) -> Findings:
        return await check_documents(knowledge, _scope(tenant))

    found = _with_knowledge(work)
    if as_json:
        names = ("checked", "expired", "changed", "gone", "contradictions")
        _print_json({name: getattr(found, name) for name in names})
        return 0 if found.is_clean else 1
    for heading, lines in (
        ("Expired; add them again with --valid-for if they still hold", found.expired),
        ("Changed on the disk; add them again", found.changed),
        ("Gone from the disk; put them back, or forget them", found.gone),
        ("Contradictions; mend the one that is wrong, and add it again", found.contradictions),
    ):
        if lines:
            print(f"{heading}:")  # noqa: T201
            print("\n".join(f"  {line}" for line in lines))  # noqa: T201
    said = "nothing to see to" if found.is_clean else "see above"
    print(f"Checked {_count(found.checked, 'document')}: {said}.")  # noqa: T201
    return 0 if found.is_clean else 1


def _print_added(result: AddedFolder) -> None:
    new = [one for one in result.added if not one.unchanged]
    changed = sum(one.changed for one in new)
    print(  # noqa: T201
        f"Added {_count(len(new), 'document')} ({_count(changed, 'new piece')});"
        f" {len(result.added) - len(new)} unchanged."
    )
    for name in result.forgotten:
        print(f"Forgot {name}: the folder no longer has it.")  # noqa: T201
    for reason, count in sorted(result.left_out.items(), key=lambda one: -one[1]):
        print(f"Left out {count}: {reason}.")  # noqa: T201
    remarks = [f"{one.document}: {remark}" for one in new for remark in one.remarks]
    for remark in remarks[:_REMARKS_SHOWN]:
        print(f"Note: {remark}")  # noqa: T201
    if len(remarks) > _REMARKS_SHOWN:
        print(f"… and {len(remarks) - _REMARKS_SHOWN} more notes; `sanca knowledge check` names contradictions.")  # noqa: T201
    for error in result.refused:
        print(f"sanca: {error}", file=sys.stderr)  # noqa: T201


def _print_added_json(result: AddedFolder) -> None:
    _print_json(
        {
            "added": [
                {"document": one.document, "pieces": one.pieces, "unchanged": one.unchanged, "remarks": one.remarks}
                for one in result.added
            ],
            "refused": [{"document": error.document, "reason": error.reason} for error in result.refused],
            "left_out": dict(result.left_out),
            "forgotten": result.forgotten,
        }
    )


def _as_json(document: KnownDocument, now: datetime) -> dict[str, Any]:
    return {
        "document": document.name,
        "title": document.title,
        "kind": document.kind,
        "runbook": document.is_runbook,
        "pieces": document.pieces,
        "checked_at": document.checked_at,
        "valid_until": document.valid_until,
        "path": document.path,
        "doubts": doubts_of(document, now),
    }


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)  # noqa: T201


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show_progress(name: str, number: int, count: int) -> None:
    Console(stderr=True).print(f"\x1b[2K{number} of {count}: {escape(name[-80:])}", end="\r", highlight=False)


def _scope(tenant: str) -> Scope:
    return Scope(tenant=tenant, user="")


def _with_knowledge(work: Callable[[KnowledgeBase], Coroutine[Any, Any, Value]]) -> Value:
    async def run() -> Value:
        async with _open_knowledge() as knowledge:
            return await work(knowledge)

    return anyio.run(run)


@asynccontextmanager
async def _open_knowledge() -> AsyncIterator[KnowledgeBase]:
    async with open_memory() as (_, memory):
        yield KnowledgeBase(memory)
