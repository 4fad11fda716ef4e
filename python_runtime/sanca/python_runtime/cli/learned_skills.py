"""`sanca skills learn|share|forget`, and the learned part of `sanca skills list`. Learning itself is the engine's."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.core.home import find_home
from sanca.core.memory import Scope
from sanca.memory import MemorySettings
from sanca.memory.experience import ExperienceBook, Kept
from sanca.python_runtime.cli.access import open_engine
from sanca.python_runtime.cli.memory_access import open_memory
from sanca.python_runtime.engine import LOCAL


def learn_skill(run_id: str, title: str) -> int:
    """Have the engine keep a run as a skill; return 0 when it did.

    Raises:
        SancaError: There is no such run, or the engine does not answer.
        ConfigurationError: The title is empty.
    """
    if not title.strip():
        raise ConfigurationError(
            "The title is empty; say how you will ask for it, for instance “pool size of checkout”."
        )
    return anyio.run(_learn, run_id, title)


async def _learn(run_id: str, title: str) -> int:
    async with open_engine() as engine:
        session = (await engine.summary(run_id)).session_id
        last: dict[str, Any] = {}
        async for event in engine.ask(f"remember run {run_id} as “{title}”", session):
            last = event
        result = last.get("result") or {}
        said = result.get("answer") or last.get("message") or ""
    Console(stderr=result.get("status") != "done").print(said, markup=False, highlight=False)
    return 0 if result.get("status") == "done" else 1


def share_skill(name: str, tenant: str, user: str) -> None:
    """Give a learned skill to the whole tenant.

    Raises:
        ConfigurationError: There is no such skill.
        NotLearnedError: It is not in use.
    """

    async def share(book: ExperienceBook) -> None:
        await book.share(await _named(book, name, tenant, user))

    anyio.run(_with_book, share)
    print(f"The skill {name!r} now serves every user of the tenant {tenant!r}.")  # noqa: T201


def forget_skill(name: str, tenant: str, user: str) -> None:
    """Forget a learned skill and its folder.

    Raises:
        ConfigurationError: There is no such skill.
    """

    async def forget(book: ExperienceBook) -> None:
        await book.forget(await _named(book, name, tenant, user))

    anyio.run(_with_book, forget)
    print(f"The skill {name!r} is forgotten.")  # noqa: T201


def learned_skills(tenant: str, user: str) -> list[dict[str, Any]]:
    """Return what a user's runs taught, as rows; nothing where no run has taught anything."""
    if not (find_home() / "skills").is_dir():
        return []
    rows: list[dict[str, Any]] = []

    async def read(book: ExperienceBook) -> None:
        now = book.clock()
        for one in await _all(book, tenant, user):
            is_aside = one.data.use == "fast_path" and one.data.is_faded(now, book.fade_days)
            rows.append(_row(one, "put aside" if is_aside else one.data.state))

    anyio.run(_with_book, read)
    return rows


def print_learned(rows: list[dict[str, Any]]) -> None:
    """Print what was learned as a table."""
    table = Table("learned", "title", "state", "helped", "failed", "tried", "from run", box=None, pad_edge=False)
    for one in rows:
        counts = (str(one["helped"]), str(one["failed"]))
        table.add_row(one["name"], one["title_en"], one["state"], *counts, one["proof"], one["from"])
    console = Console()
    console.print()
    console.print(table)


async def _with_book(work: Callable[[ExperienceBook], Awaitable[None]]) -> None:
    async with open_memory() as (_, memory):
        await work(ExperienceBook(memory, find_home() / "skills", fade_days=MemorySettings().fade_days))


async def _all(book: ExperienceBook, tenant: str, user: str) -> list[Kept]:
    """Return the skills of a user; without a name those of who asks in a terminal, with an engine or without one."""
    names = [user] if user else list(dict.fromkeys([LOCAL.user, getpass.getuser()]))
    found = [one for name in names for one in await book.all(Scope(tenant=tenant, user=name)) if one.data.skill]
    return list({(one.record.user, one.record.id): one for one in found}.values())


async def _named(book: ExperienceBook, name: str, tenant: str, user: str) -> Kept:
    for one in await _all(book, tenant, user):
        if one.data.skill == name:
            return one
    raise ConfigurationError(f"There is no learned skill {name!r} there; `sanca skills list` names them.")


def _row(one: Kept, state: str) -> dict[str, Any]:
    data = one.data
    example = data.phrases[0] if data.phrases else data.title
    return {
        "name": data.skill, "title_en": data.title, "title_zh": data.title, "example_en": example,
        "example_zh": example, "state": state, "why": data.why, "helped": data.helped, "failed": data.failed,
        "proof": data.proof, "verified": data.verified, "from": data.run_ids[0] if data.run_ids else "",
        "user": one.record.user, "replaced_by": data.replaced_by, "last_used_at": data.last_used_at,
    }  # fmt: skip
