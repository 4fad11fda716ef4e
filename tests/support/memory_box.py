"""A real memory over a fresh SQLite store, and conversations to put into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sanca.core.memory import Scope
from sanca.core.messages import Message
from sanca.memory import MemorySettings, Store, open_store
from sanca.memory.care import make_masker
from sanca.memory.embedders import make_embedder
from sanca.memory.memory import Memory
from sanca.memory.retrieval import HybridRetriever

ADA = Scope(tenant="acme", user="ada")
BOB = Scope(tenant="acme", user="bob")


@asynccontextmanager
async def memory_in(home: Path) -> AsyncIterator[tuple[Store, Memory]]:
    """Open a memory in a folder for as long as the block lasts."""
    settings = MemorySettings()
    store, embedder = open_store(settings, home), make_embedder(settings)
    await store.open()
    try:
        yield store, Memory(store, HybridRetriever(store, embedder), embedder, make_masker(settings, home))
    finally:
        await store.close()


async def say(store: Store, scope: Scope, session: str, lines: Sequence[tuple[str, str, str]]) -> None:
    """Put messages into a session: time, role and text of each."""
    await store.touch_session(scope.tenant, scope.user, session, title="")
    known = len(await store.messages(scope.tenant, scope.user, session, limit=10_000))
    for number, (time, role, text) in enumerate(lines, known):
        said = Message(id=f"m{number}", role=role, content=text, created_at=time)  # type: ignore[arg-type]  # a role's name
        await store.add_message(scope.tenant, scope.user, session, said)
