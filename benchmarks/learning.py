"""How often something that was taught once is served without a model the next time it is asked. Runs offline and alone.

Method: `benchmarks/data/learning_tasks.yaml` has ten tasks from the domains of the shipped skills. Each is taught once:
its message, and the actions of the run that served it, become a skill as after a run. Then every task is asked again
four times, in other words and with other names (`fast_path_share`: a skill learned from that task serves it, with the
right parameters), and four messages are said that are alike and want something else (`wrong_matches`: any of the 80
messages that a skill of another task serves, that is served with wrong parameters, or that wants something else and is
served by what was learned). Shipped skills of those domains are left out; the others compete. Skills have not helped
anybody yet, so the higher threshold holds. Only the matching is run, not the actions: their own tests do that.
`…_unseen`: six more tasks, written when everything was done and measured first in this form.
`refresh_ms` is how long it takes until a further skill can be matched when `--skills` many are there already.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import yaml
from _harness import Row, arguments, report
from sanca.core.memory import Scope
from sanca.memory import MemorySettings, SkillLibrary, load_skill_library, open_store
from sanca.memory.care import make_masker
from sanca.memory.embedders import make_embedder
from sanca.memory.experience import Deed, ExperienceBook, SeenCall, Taught
from sanca.memory.experience.shelf import SkillShelf
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever

DATA: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "data" / "learning_tasks.yaml").read_text(encoding="utf-8")
)
ENTITIES = {"service": DATA["services"], "release": DATA["releases"]}
SCOPE = Scope(tenant="acme", user="olga")
LEAST_SHARE = 0.7
Task = dict[str, Any]


def taught_by(task: Task) -> Taught:
    """Return the run that taught a task."""
    calls = tuple(SeenCall(name, effect) for name, effect in task["calls"].items())
    deeds = tuple(Deed(code, calls=tuple(one for one in calls if one.name in code)) for code in task["actions"])
    return Taught(
        f"run_{task['name']}", task["taught"], deeds, entities=ENTITIES, toolkits=frozenset({"system", "card"})
    )


async def teach(shelf: SkillShelf, book: ExperienceBook, tasks: list[Task]) -> dict[str, str]:
    """Teach the tasks; returns the skill's name → the task's."""
    owner = {}
    for task in tasks:
        kept = await book.learn(SCOPE, taught_by(task), shelf.of(SCOPE).read(task["taught"], ENTITIES))
        if kept.data.use != "fast_path":
            print(f"{task['name']} is only an example: {kept.data.why}")
        owner[kept.data.skill] = task["name"]
    await shelf.refresh(SCOPE)
    return owner


def ask(
    library: SkillLibrary, owner: dict[str, str], tasks: list[Task], *, shown: bool
) -> tuple[int, int, list[float]]:
    """Ask everything again; returns how many were served, how many wrongly, and the seconds of each."""
    served = wrong = 0
    seconds = []
    for task, message, want in asked(tasks):
        began = time.perf_counter()
        match = library.match(message, entities=ENTITIES)
        seconds.append(time.perf_counter() - began)
        found = owner.get(match.skill, "") if match else ""
        given = match.parameters.values() if match else ()
        is_right = found == task and want is not None and all(value in given for value in want.values())
        is_wrong = bool(found) and not is_right
        served, wrong = served + is_right, wrong + is_wrong
        if shown and (is_wrong or (want is not None and not is_right)):
            print(f"{'wrong' if is_wrong else 'not served'}: {message} -> {match.skill if match else None}")
    return served, wrong, seconds


def asked(tasks: list[Task]) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Yield a task's name, a message, and the parameters it must be served with; None: it wants something else."""
    for task in tasks:
        yield from ((task["name"], one["say"], one["want"]) for one in task["again"])
        yield from ((task["name"], message, None) for message in task["other"])


async def measure(folder: Path, skills: int, *, shown: bool) -> list[Row]:
    """Teach and ask on a real store."""
    settings = MemorySettings()
    store, embedder = open_store(settings, folder), make_embedder(settings)
    await store.open()
    try:
        memory = Memory(store, HybridRetriever(store, embedder), embedder, make_masker(settings))
        book = ExperienceBook(memory, folder / "skills")
        base = [one for one in load_skill_library().skills if one.name not in DATA["without"]]
        shelf = SkillShelf(SkillLibrary(base), book)
        owner: dict[str, str] = {}
        rows: list[Row] = []
        for name, tasks in (("", DATA["tasks"]), ("_unseen", DATA["unseen"])):
            owner |= await teach(shelf, book, tasks)
            served, wrong, seconds = ask(shelf.of(SCOPE), owner, tasks, shown=shown)
            rows += shares(name, tasks, served, wrong)
        rows.append(
            Row("match_ms", 1000 * statistics.median(seconds), "ms", note=f"median, {len(owner)} learned skills")
        )
        refresh = await refreshing(shelf, book, skills - len(owner))
    finally:
        await store.close()
    return [
        *rows,
        Row("refresh_ms", 1000 * refresh, "ms", note=f"until one more can be matched, with {skills} learned skills"),
    ]


def shares(name: str, tasks: list[Task], served: int, wrong: int) -> list[Row]:
    """Return the rows of a set of tasks."""
    count, others = (sum(len(task[kind]) for task in tasks) for kind in ("again", "other"))
    least = LEAST_SHARE if not name else None
    return [
        Row(f"fast_path_share{name}", served / count, "share", least=least, note=f"{served} of {count} asked again"),
        Row(f"wrong_matches{name}", wrong, "messages", limit=0, note=f"of {count + others}"),
    ]


async def refreshing(shelf: SkillShelf, book: ExperienceBook, more: int) -> float:
    """Return the seconds until a further skill can be matched, when so many more are there."""
    began = time.perf_counter()
    for number in range(more + 1):
        words = f"fetch the number of shelf {chr(97 + number % 26)}{chr(97 + number // 26)} of checkout"
        code = f"system.config('checkout')['values']['shelf_{number}']"
        taught = Taught(f"run_{number}", words, (Deed(code),), entities=ENTITIES, toolkits=frozenset({"system"}))
        if number == more:
            await shelf.refresh(SCOPE)
            began = time.perf_counter()
        await book.learn(SCOPE, taught, shelf.of(SCOPE).read(words, ENTITIES))
    await shelf.refresh(SCOPE)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--skills", type=int, default=100, help="learned skills for refresh_ms")
    own.add_argument("--shown", action="store_true", help="print what was not served, and what was wrongly")
    options = arguments(__doc__ or "", own)
    with tempfile.TemporaryDirectory() as folder:
        skills = 20 if options.quick else options.skills
        rows = anyio.run(lambda: measure(Path(folder), skills, shown=options.shown))
    report(rows, as_json=options.json)


if __name__ == "__main__":
    main()
