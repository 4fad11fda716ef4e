"""A process that writes to a store from several tasks and prints what was acknowledged, until it is killed.

Run as `memory_writer.py STORE PLACE ROUND`: a file for `sqlite`, a URL for `elasticsearch`. Each line is one fact that
must outlive a kill from then on: `message ID`, `batch NUMBER` (three records with vectors, all or none), `edited ID`,
`deleted ID`. Ids begin with the round, texts follow from the id.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import numpy as np
from numpy.typing import NDArray
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory import SqliteStore, Store

SCOPE = Scope(tenant="acme", user="ann")
MODEL = "writer@1"
DIMENSIONS = 64
BATCH = 3


def text_of(name: str, *, edited: bool = False) -> str:
    """What a record of this id says; its last word is in no other text."""
    own = name.replace("-", "x")
    return f"{'corrected ' if edited else ''}the pool of payment is full 连接池 {own}"


def vector_of(name: str) -> NDArray[np.float32]:
    """The vector of a record of this id."""
    made = np.random.default_rng(list(name.encode())).normal(size=DIMENSIONS).astype(np.float32)
    return made / np.float32(np.linalg.norm(made))


def record_of(name: str, *, edited: bool = False) -> MemoryRecord:
    """The record of this id."""
    return MemoryRecord(
        tenant=SCOPE.tenant, user=SCOPE.user, session_id="s1", layer="message", id=name,
        text=text_of(name, edited=edited), speaker="user",
    )  # fmt: skip


def opened(store: str, place: str) -> Store:
    """Return the store of this name, not opened yet."""
    if store == "elasticsearch":
        from sanca.memory.stores.elasticsearch import ElasticsearchSettings, ElasticsearchStore

        return ElasticsearchStore(ElasticsearchSettings(url=place))
    return SqliteStore(Path(place))


async def _messages(store: Store, front: str) -> None:
    for number in range(1_000_000):
        name = f"{front}-m{number}"
        await store.add_message(SCOPE.tenant, SCOPE.user, "s1", Message(id=name, role="user", content=text_of(name)))
        _acknowledged("message", name)


async def _batches(store: Store, front: str) -> None:
    for number in range(1_000_000):
        names = [f"{front}-b{number}-{part}" for part in range(BATCH)]
        await store.put([record_of(name) for name in names], np.stack([vector_of(name) for name in names]), MODEL)
        _acknowledged("batch", f"{front}-b{number}")


async def _edits(store: Store, front: str) -> None:
    for number in range(1_000_000):
        name = f"{front}-e{number}"
        await store.put([record_of(name)], vector_of(name)[None], MODEL)
        await store.put([record_of(name, edited=True)])
        _acknowledged("edited", name)
        if number % 2:
            await store.delete(SCOPE, RecordFilter(ids=(name,)))
            _acknowledged("deleted", name)


def _acknowledged(what: str, name: str) -> None:
    sys.stdout.write(f"{what} {name}\n")
    sys.stdout.flush()


async def _write(store_name: str, place: str, front: str) -> None:
    store = opened(store_name, place)
    await store.open()
    await store.touch_session(SCOPE.tenant, SCOPE.user, "s1")
    async with anyio.create_task_group() as group:
        for task in (_messages, _batches, _edits):
            group.start_soon(task, store, front)


if __name__ == "__main__":
    anyio.run(_write, sys.argv[1], sys.argv[2], sys.argv[3])
