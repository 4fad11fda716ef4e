"""Writes messages to a store in child processes that are killed at random points; tells what was acknowledged.

Run as a program: `killed_writer.py HOME KILLS SEED`, with the store in the environment (`SANCA_MEMORY_…`). It loads
everything once and forks for each kill, so that a kill costs less than a start of Python. Prints a line a kill: the ids
acknowledged, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

import anyio
import elasticsearch  # noqa: F401 - loaded once, before the first fork
from sanca.core.messages import Message
from sanca.memory import MemorySettings, Store, open_store

OWN = ("acme", "ann", "killed")
LONGEST_SECONDS = 0.6
BOUND_SECONDS = 60.0


def main(home: Path, kills: int, seed: int) -> None:
    """Kill so many writers."""
    chance = random.Random(seed)  # noqa: S311 - where to kill is no secret
    for number in range(kills):
        acknowledged = _one_life(home, number, chance)
        print(json.dumps(acknowledged), flush=True)  # noqa: T201 - the program's output


def _one_life(home: Path, number: int, chance: random.Random) -> list[str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            anyio.run(_write, home, number, writing)
        finally:
            os._exit(1)
    os.close(writing)
    try:
        _wait_for_first(reading)
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the writer ended by itself"
        return _told(reading)
    finally:
        os.close(reading)


async def _write(home: Path, number: int, writing: int) -> None:
    store: Store = open_store(MemorySettings(), home)
    await store.open()
    await store.touch_session(*OWN)
    os.write(writing, b"open\n")
    for count in range(100_000):
        async with anyio.create_task_group() as tasks:  # two at once: a page that sends while an answer is kept
            for side in ("a", "b"):
                tasks.start_soon(_add, store, f"{number}-{count}{side}", writing)


async def _add(store: Store, id: str, writing: int) -> None:
    await store.add_message(*OWN, Message(id=id, role="user", content=f"words of {id}"))
    os.write(writing, f"{id}\n".encode())


def _wait_for_first(reading: int) -> None:
    ready, _, _ = select.select([reading], [], [], BOUND_SECONDS)
    assert ready, f"no writer was ready within {BOUND_SECONDS:g} seconds"


def _told(reading: int) -> list[str]:
    with os.fdopen(os.dup(reading), encoding="ascii") as pipe:
        return [line.strip() for line in pipe if line.endswith("\n") and line != "open\n"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
