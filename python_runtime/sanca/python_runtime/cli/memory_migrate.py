"""`sanca memory migrate`: everything of every tenant from one store to the other, with a bar, and proved at the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sanca.core.errors import ConfigurationError, StoreError
from sanca.core.home import ensure_home, find_home
from sanca.memory import MemorySettings
from sanca.memory.care.encryption_key import encryption_key
from sanca.memory.embedders import CatchingUp, make_embedder
from sanca.memory.stores.migration import Migration, Moved, Side
from sanca.memory.stores.outbox.waiting_writes import WaitingWrites
from sanca.python_runtime.lifecycle import EngineLock

COPY_FILES = ("memory-copy.db", "memory-copy.db-wal", "memory-copy.db-shm")


def migrate_memory(source: str, target: str, *, as_json: bool) -> None:
    """Move everything, and print what was moved.

    Raises:
        ConfigurationError: Both are the same store.
        EngineLockedError: An engine uses the state folder.
        StoreError: Something did not arrive, or writes still wait for a store that was down.
    """
    if source == target:
        raise ConfigurationError(f"--from and --to are both {source}; name two stores.")
    home = ensure_home(find_home())
    lock = EngineLock(home)
    lock.acquire()
    try:
        moved = anyio.run(_migrate, home, source, target, as_json)
    finally:
        lock.release()
    if as_json:
        print(json.dumps({"from": source, "to": target, "counts": moved.counts, "digests": moved.digests}))  # noqa: T201 - a command's output
    else:
        _tell(moved, source, target)


async def _migrate(home: Path, source: str, target: str, quiet: bool) -> Moved:
    await _require_delivered(home)
    async with AsyncExitStack() as stack:
        sides = [await stack.enter_async_context(_side(name, home)) for name in (source, target)]
        with _bar(quiet) as progress:
            tasks = {}

            def told(what: str, count: int) -> None:
                if what not in tasks:
                    tasks[what] = progress.add_task(what, total=None)
                progress.advance(tasks[what], count)

            marks = home / f"memory-migration-{source}-{target}.json"
            moved = await Migration(sides[0], sides[1], marks, told).run()
            settings = MemorySettings()
            if settings.embedder == "static":  # one that costs nothing; others are asked by the engine, bit by bit
                told("vectors", await CatchingUp(sides[1].store, make_embedder(settings), share_of_time=1.0).run_once())
    if source == "elasticsearch":  # who is forgotten in the new store must not live on in the old one's copy
        for name in COPY_FILES:
            (home / name).unlink(missing_ok=True)
    return moved


@asynccontextmanager
async def _side(name: str, home: Path) -> AsyncIterator[Side]:
    """Open a store, without outbox: a move waits for nobody."""
    if name == "sqlite":
        from sanca.memory.stores.sqlite import SqliteStore
        from sanca.memory.stores.sqlite.portable import SqlitePortable

        settings = MemorySettings(store="sqlite")
        path = home / settings.database_name
        embedded = SqliteStore(path, busy_timeout_seconds=settings.busy_timeout_seconds, key=encryption_key(settings))
        await embedded.open()
        try:
            yield Side(embedded, SqlitePortable(embedded))
        finally:
            await embedded.close()
        return
    from sanca.memory.stores.elasticsearch import ElasticsearchStore, elasticsearch_settings
    from sanca.memory.stores.elasticsearch.portable import ElasticsearchPortable

    remote = ElasticsearchStore(elasticsearch_settings())
    await remote.open()
    try:
        yield Side(remote, ElasticsearchPortable(remote))
    finally:
        await remote.close()


async def _require_delivered(home: Path) -> None:
    path = home / "memory-waiting.db"
    if not path.exists():
        return
    waiting = WaitingWrites(path)
    await waiting.open()
    try:
        if count := await waiting.count():
            raise StoreError(
                f"{count} writes still wait for Elasticsearch; start the engine with SANCA_MEMORY_STORE=elasticsearch "
                "until they are delivered, stop it, and run this again."
            )
    finally:
        await waiting.close()


def _bar(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet)


def _tell(moved: Moved, source: str, target: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for kind, count in moved.counts.items():
        console.print(f"{kind:10} {count:>9,}  the same in both (digest {moved.digests[kind][:16]})")
    console.print(f"Moved from {source} to {target}. Set SANCA_MEMORY_STORE={target} and start the engine.")
    console.print(f"What {source} has is still there; delete it when you no longer need it.")
