"""Threads for tools that are plain functions, and coroutines waited for by a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from sanca.python_runtime.broker.tool_threads import MOST_THREADS, GivenUpError, LoopCall, ToolThreads


@pytest.fixture
def threads() -> Iterator[ToolThreads]:
    made = ToolThreads()
    yield made
    made.close()


def wait_for(gate: threading.Event, value: int) -> int:
    assert gate.wait(10)
    return value


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_values_and_errors_come_back(threads: ToolThreads) -> None:
    def fail() -> None:
        raise ValueError("no luck")

    assert threads.start(lambda: threading.current_thread().name).result(5) == "tool"
    with pytest.raises(ValueError, match="no luck"):
        threads.start(fail).result(5)


def test_one_after_the_other_uses_one_thread(threads: ToolThreads) -> None:
    idents = {threads.start(threading.get_ident).result(5) for _ in range(200)}
    assert len(idents) <= 2  # the second may begin before the first has said that it is free


def test_more_than_there_are_threads_wait_for_one_and_all_end(threads: ToolThreads) -> None:
    gate = threading.Event()
    running = [threads.start(partial(wait_for, gate, number)) for number in range(MOST_THREADS + 30)]

    assert names().count("tool") == MOST_THREADS
    gate.set()
    assert [one.result(10) for one in running] == list(range(MOST_THREADS + 30))


def test_a_function_that_is_too_late_is_given_up_and_its_thread_is_used_again(threads: ToolThreads) -> None:
    gate = threading.Event()
    late = threads.start(lambda: gate.wait(10))

    with pytest.raises(TimeoutError):
        late.result(0.05)
    gate.set()
    assert threads.start(lambda: 5).result(5) == 5


def test_who_gives_up_frees_the_waiting_thread_at_once(threads: ToolThreads) -> None:
    gate = threading.Event()
    slow = threads.start(lambda: gate.wait(10))
    threading.Timer(0.05, slow.give_up).start()

    with pytest.raises(GivenUpError):
        slow.result(5)
    assert not gate.is_set()
    gate.set()


def test_closing_ends_the_threads() -> None:
    threads = ToolThreads()
    for one in [threads.start(lambda: None) for _ in range(5)]:
        one.result(5)
    made = [thread for thread in threading.enumerate() if thread.name == "tool"]
    threads.close()
    for thread in made:
        thread.join(5)
    assert not any(thread.is_alive() for thread in made)


def test_a_coroutine_is_waited_for_cancelled_and_stopped_with_its_loop() -> None:
    ended = threading.Event()

    async def echo(value: Any) -> Any:
        return value

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with start_blocking_portal() as portal:
        loop = portal.call(_running_loop)
        assert LoopCall(loop, echo(7)).waiting.result(5) == 7
        hanging = LoopCall(loop, hang())
        portal.call(asyncio.sleep, 0)
        hanging.cancel()
        with pytest.raises(GivenUpError):
            hanging.waiting.result(5)
        assert ended.wait(5)
    with pytest.raises(GivenUpError):
        LoopCall(loop, echo(7)).waiting.result(5)


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
