"""Calls from real actions through a real broker: many at once, streams, values too long for the socket, interrupts."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator

import anyio
import pytest
from action_box import Box
from broker_driver import Driver, driven
from sanca.python_runtime.broker.records import RunBudget
from sanca.python_runtime.sandbox import NamespaceSandbox

pytestmark = pytest.mark.anyio

TOOLS = '''
"""Tools of the test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
import threading

import anyio
from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool

LEDGER = Path(__file__).parent.parent / "ledger.txt"
MADE = {"rows": 0, "closed": 0}
TOGETHER = threading.Barrier(8)


def note(line):
    with LEDGER.open("a") as ledger:
        ledger.write(line + "\\n")


@tool
async def wait(seconds: float) -> float:
    """Wait."""
    await anyio.sleep(seconds)
    return seconds


@tool(timeout_seconds=5)
def meet() -> str:
    """Return when eight calls have met here."""
    TOGETHER.wait(4)
    return "met"


@tool
def double(number: int) -> int:
    """Double a number."""
    return number * 2


@tool(effect=Effect.WRITE, approval="NEVER")
def write(line: str) -> str:
    """Write a line."""
    note(line)
    return line


@tool
async def rows(count: int, fail_at: int = -1, wait_at: int = -1) -> AsyncIterator[dict[str, int]]:
    """Give rows."""
    try:
        for number in range(count):
            if number == fail_at:
                raise ValueError("no more")
            if number == wait_at:
                await anyio.sleep(60)
            MADE["rows"] += 1
            yield {"number": number}
    finally:
        MADE["closed"] += 1


@tool
def lines(count: int) -> Iterator[str]:
    """Give lines, by a plain generator."""
    for number in range(count):
        yield f"line {number}"


@tool
def blocks(count: int, size: int) -> Iterator[str]:
    """Give long texts."""
    for number in range(count):
        yield chr(97 + number) * size


@tool
def made() -> dict[str, int]:
    """Say how many rows were made."""
    return MADE


@tool
def size(text: str, more: list = []) -> int:
    """Return how long a text is."""
    return len(text) + len(more)


@tool
def text(size: int) -> str:
    """Return a long text."""
    return "é" * (size // 2)


@tool
def numbers(count: int) -> list[dict[str, int]]:
    """Return many small values."""
    return [{"number": number, "next": number + 1} for number in range(count)]
'''


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[NamespaceSandbox]:
    async with NamespaceSandbox() as made:
        yield made


@pytest.fixture(scope="module")
async def driver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    home = tmp_path_factory.mktemp("home")
    (home / "toolkits").mkdir()
    (home / "toolkits" / "shop.py").write_text(TOOLS, encoding="utf-8")
    async with driven(home) as made:
        yield made


_RUN_NUMBERS = itertools.count(1)


@pytest.fixture
async def box(sandbox: NamespaceSandbox, driver: Driver) -> AsyncIterator[Box]:
    session = await sandbox.spawn()
    made = Box(driver, session, f"run_{next(_RUN_NUMBERS)}")
    await driver.open_run(made.run_id, bind=False, budget=RunBudget(calls=200_000, argument_bytes=1 << 30))
    await driver.client.bind(made.run_id, session.tool_socket, made.run_id, 1)
    yield made
    await session.close()
    await driver.client.close_run(made.run_id)


# Many at once


async def test_calls_of_eight_threads_are_under_way_at_the_same_time(box: Box) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    met = [call.result() for call in [pool.submit(shop.meet) for _ in range(8)]]\n"
        "met"
    )
    assert await box.value(code) == str(["met"] * 8)


@pytest.mark.parametrize("form", ["shop.meet.aio()", "asyncio.to_thread(shop.meet)"])
async def test_tasks_call_at_the_same_time(box: Box, form: str) -> None:
    code = (
        "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "async def main():\n"
        "    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(8))\n"
        f"    return await asyncio.gather(*({form} for _ in range(8)))\n"
        "asyncio.run(main())"
    )
    assert await box.value(code) == str(["met"] * 8)


async def test_the_loop_goes_on_while_a_task_awaits_a_tool(box: Box) -> None:
    code = (
        "import asyncio\n"
        "async def main():\n"
        "    ticks, call = 0, asyncio.ensure_future(shop.wait.aio(0.5))\n"
        "    while not call.done():\n"
        "        await asyncio.sleep(0.01)\n"
        "        ticks += 1\n"
        "    return ticks\n"
        "asyncio.run(main())"
    )
    assert int(await box.value(code) or 0) > 10


async def test_threads_tasks_and_plain_calls_at_once_each_get_their_own_answer(box: Box) -> None:
    code = (
        "import asyncio, threading\n"
        "wrong = []\n"
        "def thread(start):\n"
        "    for number in range(start, start + 100):\n"
        "        if shop.double(number) != number * 2: wrong.append(number)\n"
        "async def task(start):\n"
        "    for number in range(start, start + 50):\n"
        "        if await shop.double.aio(number) != number * 2: wrong.append(number)\n"
        "        if number % 10 == 0 and shop.double(number) != number * 2: wrong.append(number)\n"
        "def loop(start):\n"
        "    async def main(): await asyncio.gather(*(task(start + 1000 * n) for n in range(4)))\n"
        "    asyncio.run(main())\n"
        "threads = [threading.Thread(target=thread, args=(1000 * n,)) for n in range(3)]\n"
        "threads.append(threading.Thread(target=loop, args=(50_000,)))\n"
        "for one in threads: one.start()\n"
        "loop(90_000)\n"
        "thread(200_000)\n"
        "for one in threads: one.join()\n"
        "wrong"
    )
    assert await box.value(code) == "[]"


async def test_a_thousand_tasks_at_once_are_served_in_turn(box: Box) -> None:
    code = (
        "import asyncio\n"
        "async def main(): return await asyncio.gather(*(shop.double.aio(n) for n in range(1000)))\n"
        "asyncio.run(main()) == [2 * n for n in range(1000)]"
    )
    assert await box.value(code) == "True"


async def test_a_cancelled_task_leaves_the_others_their_answers(box: Box) -> None:
    code = (
        "import asyncio\n"
        "async def main():\n"
        "    slow = asyncio.ensure_future(shop.wait.aio(30))\n"
        "    others = [asyncio.ensure_future(shop.wait.aio(0.2)) for _ in range(3)]\n"
        "    try:\n"
        "        await asyncio.wait_for(slow, 0.05)\n"
        "    except TimeoutError:\n"
        "        pass\n"
        "    return await asyncio.gather(*others)\n"
        "(asyncio.run(main()), shop.double(4))"
    )
    assert await box.value(code) == "([0.2, 0.2, 0.2], 8)"


async def test_the_effects_of_each_thread_keep_their_order_and_the_journal_tells_every_call(box: Box) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def lines(name):\n"
        "    for number in range(20): shop.write(f'{name}{number:02}')\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(lines, 'abcd'))"
    )
    await box.value(code)

    written = box.driver.ledger()
    for name in "abcd":
        assert [line for line in written if line[0] == name] == [f"{name}{number:02}" for number in range(20)]
    rows = await box.journal("call_requested", "call_finished")
    requested = {row.data["call_id"]: row for row in rows if row.kind == "call_requested"}
    finished = {row.data["call_id"]: row for row in rows if row.kind == "call_finished"}
    assert set(requested) == set(finished) == {f"{box.run_id}/{number}" for number in range(1, 81)}
    assert all(row.seq < finished[call_id].seq for call_id, row in requested.items())
    assert all(
        f'"{finished[call_id].data["value"]}"' in row.data["arguments_json"] for call_id, row in requested.items()
    )


async def test_an_action_waits_only_as_long_as_any_of_its_calls_does(box: Box) -> None:
    code = (
        "import asyncio\n"
        "async def main(): await asyncio.gather(*(shop.wait.aio(0.4) for _ in range(8)))\n"
        "asyncio.run(main())"
    )
    await box.value(code)

    assert 0.4 <= await box.driver.client.waited_seconds(box.run_id) < 0.8


async def test_a_child_process_is_told_that_it_cannot_call(box: Box) -> None:
    code = (
        "import os\n"
        "reading, writing = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    try: shop.double(1)\n"
        "    except ToolError as error: os.write(writing, str(error).encode())\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "(os.read(reading, 200).decode(), shop.double(2))"
    )
    assert "A child process cannot call tools" in (await box.value(code) or "")


# Interrupts


async def test_interrupts_at_any_moment_cost_nobody_else_an_answer(box: Box) -> None:
    code = (
        "import os, random, signal, threading, time\n"
        "wrong, stopped, done, inside = [], 0, False, False\n"
        "def on_interrupt(*_):  # the worker's own, but for ending the threads, which this is about\n"
        "    if not inside: return\n"
        "    if shop._channel.is_sending: shop._channel.is_interrupted = True\n"
        "    else: raise KeyboardInterrupt\n"
        "signal.signal(signal.SIGINT, on_interrupt)\n"
        "def thread(start):\n"
        "    number = start\n"
        "    while not done:\n"
        "        number += 1\n"
        "        if shop.double(number) != number * 2: wrong.append(number)\n"
        "def storm():\n"
        "    draw = random.Random(4)\n"
        "    while not done:\n"
        "        time.sleep(draw.random() * 0.002)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "threads = [threading.Thread(target=thread, args=(n * 100_000,)) for n in (1, 2)]\n"
        "threads.append(threading.Thread(target=storm))\n"
        "for one in threads: one.start()\n"
        "number = 0\n"
        "while stopped < 150 and number < 20_000:\n"
        "    number += 1\n"
        "    try:\n"
        "        inside = True\n"
        "        if shop.double(number) != number * 2: wrong.append(number)\n"
        "        if number % 50 == 0: shop.size('x' * 200_000)\n"
        "        inside = False\n"
        "    except KeyboardInterrupt:\n"
        "        inside = False\n"
        "        stopped += 1\n"
        "done = True\n"
        "for one in threads: one.join()\n"
        "(wrong, stopped, shop.double(21))"
    )
    assert await box.value(code) == "([], 150, 42)"


async def test_actions_stopped_at_any_moment_leave_the_channel_whole(box: Box) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(3) as pool:\n"
        "    while True: list(pool.map(shop.double, range(6))), shop.size('x' * 300_000), list(shop.rows(40))"
    )
    for number in range(12):
        await box.value("kept = 1")
        result = await box.run(code, limit_seconds=0.05 + number * 0.013)
        assert result.status == "timeout"
        await box.next_round(number + 2)
        assert (
            await box.value("(shop.double(4), shop.size('x' * 300_000), len(list(shop.rows(20))))") == "(8, 300000, 20)"
        )


async def test_a_stopped_action_whose_threads_wait_for_tools_keeps_its_names(box: Box) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(shop.wait, [60] * 4))"
    )
    await box.value("kept = 7")
    result = await box.run(code, limit_seconds=0.3)
    await box.next_round(2)

    assert (result.status, result.names_lost) == ("timeout", False)
    assert await box.value("(kept, shop.double(4))") == "(7, 8)"


async def test_a_guest_killed_in_mid_message_does_not_spoil_the_next_ones_channel(box: Box) -> None:
    killed = (
        "import os, signal\nshop._channel._connection.send(b'\\x01' + b'half')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert (await box.run(killed)).status != "ok"
    await box.next_round(2)

    assert await box.value("shop.double(4)") == "8"


async def test_an_answer_to_a_killed_guest_is_not_given_to_the_next(box: Box) -> None:
    killed = (
        "import os, signal, threading, time\n"
        "threading.Thread(target=shop.wait, args=(0.4,)).start()\n"
        "time.sleep(0.1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert (await box.run(killed)).status != "ok"
    await box.next_round(2)

    assert await box.value("(shop.double(4), shop.wait(0.6), shop.double(5))") == "(8, 0.6, 10)"


# Streams


@pytest.mark.parametrize("form", ["[row.number for row in shop.rows(100)]", "asyncio.run(collect())"])
async def test_a_stream_is_an_iterator(box: Box, form: str) -> None:
    code = (
        "import asyncio\n"
        "async def collect(): return [row.number async for row in await shop.rows.aio(100)]\n"
        f"{form} == list(range(100))"
    )
    assert await box.value(code) == "True"
    assert await box.value("list(shop.lines(3))") == "['line 0', 'line 1', 'line 2']"
    assert await box.value("list(shop.rows(0))") == "[]"


async def test_a_stream_makes_no_more_than_a_window_ahead_and_stops_when_dropped(box: Box) -> None:
    code = (
        "before, rows = shop.made(), shop.rows(100_000)\n"
        "first = [next(rows).number for _ in range(3)]\n"
        "shop.wait(0.2)\n"
        "(first, shop.made().rows - before.rows <= 2 * 16)"
    )
    assert await box.value(code) == "([0, 1, 2], True)"
    assert await box.value("del rows\nshop.wait(0.2)\nshop.made().closed - before.closed") == "1"

    (finished,) = [row for row in await box.journal("call_finished") if "items" in row.data]
    assert finished.data["ok"]
    assert finished.data["closed_early"]
    assert 3 <= finished.data["items"] <= 16
    assert finished.data["sample"] == [{"number": 0}, {"number": 1}, {"number": 2}]


async def test_a_stream_is_one_call_in_the_journal_with_its_count(box: Box) -> None:
    await box.value("sum(1 for _ in shop.rows(1_000))")

    rows = await box.journal()
    assert [row.kind for row in rows] == ["call_requested", "call_finished"]
    assert (rows[1].data["items"], rows[1].data["closed_early"], len(rows[1].data["sample"])) == (1_000, False, 3)


async def test_a_stream_that_fails_gives_its_items_first(box: Box) -> None:
    code = (
        "seen = []\n"
        "try:\n"
        "    for row in shop.rows(10, fail_at=5): seen.append(row.number)\n"
        "except ToolFailedError as error: seen.append(str(error))\n"
        "seen"
    )
    assert await box.value(code) == "[0, 1, 2, 3, 4, 'shop.rows failed: ValueError: no more']"


async def test_other_calls_go_on_while_a_stream_is_open(box: Box) -> None:
    assert await box.value("[shop.double(row.number) for row in shop.rows(40)] == [2 * n for n in range(40)]") == "True"
    assert await box.value("[(a.number, b) for a, b in zip(shop.rows(3), shop.lines(3))][2]") == "(2, 'line 2')"


async def test_items_too_long_for_the_socket_come_whole(box: Box) -> None:
    assert await box.value("[(text[0], len(text)) for text in shop.blocks(5, 1_000_000)]") == str(
        [(letter, 1_000_000) for letter in "abcde"]
    )


async def test_a_stream_ends_with_the_action_that_began_it(box: Box) -> None:
    await box.value("before = shop.made()\nrows = shop.rows(1_000)\nnext(rows)")
    await box.next_round(2)

    result = await box.run("for row in rows: pass")
    assert (result.error_type, "ended with the action" in (result.error or "")) == ("ToolFailedError", True)
    assert await box.value("shop.made().closed - before.closed") == "1"


async def test_closing_the_gate_ends_a_stream_that_waits(box: Box) -> None:
    heard = box.driver.engine.heard
    heard.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(box.run, "for row in shop.rows(10, wait_at=2): pass")
        await box.driver.engine.until(lambda: "running rows" in heard)
        begun = time.monotonic()
        records = await box.driver.client.close_gate(box.run_id)

    assert time.monotonic() - begun < 2
    assert [(record.tool, record.status) for record in records] == [("rows", "cancelled")]


# Long values


@pytest.mark.parametrize("megabytes", [1, 8, 32, 63])
async def test_long_arguments_and_results_come_whole(box: Box, megabytes: int) -> None:
    size = megabytes << 20
    assert await box.value(f"shop.text({size}) == 'é' * {size // 2}") == "True"
    if megabytes <= 40:  # a call's arguments are packed in the sandbox's own memory
        assert await box.value(f"shop.size('x' * {size})") == str(size)


async def test_many_small_values_in_one_long_result_come_whole(box: Box) -> None:
    assert await box.value("rows = shop.numbers(100_000)\n(len(rows), rows[99_999].next)") == "(100000, 100000)"


async def test_values_beyond_the_limit_are_a_clear_error_and_calls_go_on(box: Box) -> None:
    result = await box.run("shop.size('x' * 68_000_000)")
    assert (result.error_type, "67,108,864" in (result.error or "")) == ("ConversionError", True)
    result = await box.run("shop.text(70_000_000)")
    assert (result.error_type, "64 MB is the most" in (result.error or "")) == ("ToolFailedError", True)
    assert await box.value("shop.double(1)") == "2"


async def test_long_values_of_threads_and_tasks_at_once_do_not_mix(box: Box) -> None:
    code = (
        "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def one(n): return shop.size('x' * (300_000 + n)), len(shop.text(600_000 + 2 * n))\n"
        "async def main(): return await asyncio.gather(*(shop.text.aio(800_000 + 2 * n) for n in range(6)))\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    right = list(pool.map(one, range(12)))\n"
        "awaited = [len(text) for text in asyncio.run(main())]\n"
        "right == [(300_000 + n,) * 2 for n in range(12)] and awaited == [400_000 + n for n in range(6)]"
    )
    assert await box.value(code) == "True"
