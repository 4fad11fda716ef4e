"""The event log: numbers, parking between AG-UI runs, listeners slower than memory."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest
from ag_ui.core import BaseEvent, CustomEvent, RunErrorEvent, RunStartedEvent
from sanca.python_runtime.events import EventLog, LoggedEvent

pytestmark = pytest.mark.anyio


class Store:
    """Keeps events in memory: the store's contract and nothing else."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []

    def append_event(self, event: LoggedEvent) -> None:
        self.events.append(event)

    async def read_events(self, after: int) -> Sequence[LoggedEvent]:
        await anyio.lowlevel.checkpoint()
        return [event for event in self.events if event.seq > after]

    async def flush(self) -> None:
        await anyio.lowlevel.checkpoint()


def start() -> BaseEvent:
    return RunStartedEvent(thread_id="t", run_id="r")


def note(number: int) -> BaseEvent:
    return CustomEvent(name="n", value=number)


def end() -> BaseEvent:
    return RunErrorEvent(message="over")


async def seqs(log: EventLog, after: int = 0) -> list[int]:
    with anyio.fail_after(5):
        return [event.seq async for event in log.follow(after)]


async def test_a_listener_slower_than_memory_reads_the_rest_from_the_store() -> None:
    log = EventLog("r", Store())
    log.emit(start())
    for number in range(5_000):
        log.emit(note(number))
    log.emit(end())

    assert await seqs(log) == list(range(1, 5_003))
    assert await seqs(log, 4_990) == list(range(4_991, 5_003))


async def test_what_comes_between_two_agui_runs_is_shown_after_the_next_start() -> None:
    store = Store()
    log = EventLog("r", store)
    for event in (start(), end(), note(1), note(2), start(), note(3), end()):
        log.emit(event)

    kinds = [("START" in event.json, '"value":' in event.json) for event in store.events]
    assert [event.seq for event in store.events] == list(range(1, 8))
    assert kinds[2] == (True, False)
    assert [event.json[-2] for event in store.events if '"value":' in event.json] == ["1", "2", "3"]


async def test_a_restored_log_goes_on_where_it_was_and_knows_whether_it_is_open() -> None:
    store = Store()
    log = EventLog("r", store)
    log.emit(start())
    restored = await EventLog.restore("r", store)
    restored.emit(end())
    closed = await EventLog.restore("r", store)

    assert (restored.last_seq, closed.is_open) == (2, False)
    assert await seqs(closed) == [1, 2]
    assert await seqs(closed, 2) == []


async def test_the_last_event_says_so_and_an_open_run_is_waited_for() -> None:
    log = EventLog("r", Store())
    log.emit(start())
    seen: list[LoggedEvent] = []

    async def listen() -> None:
        seen.extend([event async for event in log.follow()])

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.lowlevel.checkpoint()
            log.emit(note(1))
            log.emit(end())
    assert [event.last for event in seen] == [False, False, True]
