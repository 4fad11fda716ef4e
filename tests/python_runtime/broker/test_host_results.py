"""Streams and large values of a real Java host in real actions: read as far as wanted, whole or as a handle, let go."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from action_box import Box
from broker_driver import Driver, driven
from contract_host import ContractHost
from sanca.core.errors import GatewayUnavailableError
from sanca.core.tools import CallContext, CallOutcome
from sanca.python_runtime.broker.records import RunBudget
from sanca.python_runtime.sandbox import NamespaceSandbox
from sanca.python_runtime.sandbox.monty import MontySandbox
from sanca.toolkit_bridge import GatewayCall, WireGateway
from sanca.toolkit_bridge.pages import ResultCloser, ResultPieces, release_results

pytestmark = [pytest.mark.anyio, pytest.mark.jvm]

WINDOW_ITEMS = 300
"""The host makes a first piece of 200 items, and asks a reactive stream for 64 at once."""
_RUN_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[NamespaceSandbox]:
    async with NamespaceSandbox() as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def host(home: Path) -> Iterator[ContractHost]:
    started = ContractHost(home)
    yield started
    started.close()


@pytest.fixture(scope="module")
async def driver(host: ContractHost, home: Path) -> AsyncIterator[Driver]:
    async with driven(home) as made:
        yield made


@pytest.fixture(scope="module")
async def watcher(driver: Driver) -> Driver:
    """The driver with a run of its own that looks at the host."""
    await driver.open_run("run_watch", bind=False)
    return driver


@pytest.fixture
async def box(sandbox: NamespaceSandbox, driver: Driver, watcher: Driver) -> AsyncIterator[Box]:
    session = await sandbox.spawn()
    made = Box(driver, session, f"run_{next(_RUN_NUMBERS)}", ("streams", "results", "binaries"))
    await driver.open_run(made.run_id, bind=False, budget=RunBudget(calls=200_000))
    await driver.client.bind(made.run_id, session.tool_socket, made.run_id, 1)
    yield made
    await session.close()
    await driver.client.close_run(made.run_id)
    await nothing_open(driver)


async def looked_at(driver: Driver, tool: str, *, run: str = "run_watch", **arguments: Any) -> Any:
    """Ask the host, as the engine does."""
    outcome = await driver.client.call(run, "streams", tool, arguments)
    assert outcome.ok, outcome.error
    return outcome.value


async def nothing_open(driver: Driver) -> None:
    """Wait until the host has no result open."""
    with anyio.fail_after(10):
        while await looked_at(driver, "open"):  # noqa: ASYNC110 - nobody tells us
            await anyio.sleep(0.02)


async def closed(driver: Driver, name: str, *, run: str = "run_watch") -> dict[str, int]:
    """Wait until a stream is closed in the host, and return how far it was read."""
    with anyio.fail_after(10):
        while not (fate := await looked_at(driver, "fate", run=run, name=name))["closed"]:  # noqa: ASYNC110 - as above
            await anyio.sleep(0.02)
    return dict(fate)


async def until_heard(driver: Driver, sign: str) -> None:
    """Wait until the engine heard of something: the beginning of a call, or what an action says."""
    word, _, text = sign.partition(" ")
    await driver.engine.until(lambda: any(one.startswith(word) and text in one for one in driver.engine.heard))
    driver.engine.heard.clear()


# Streams


@pytest.mark.parametrize("tool", ["count", "count_blocking"])
async def test_an_endless_stream_is_read_only_as_far_as_wanted_and_then_closed(box: Box, tool: str) -> None:
    name = f"{tool} {box.run_id}"

    code = f"for number in streams.{tool}('{name}'):\n    if number == 5:\n        break\nnumber"
    assert await box.value(code) == "5"

    fate = await closed(box.driver, name)
    assert 6 <= fate["given"] <= WINDOW_ITEMS
    assert fate["closed"] == 1


async def test_a_stream_that_is_read_on_gives_every_item_once_and_in_order(box: Box) -> None:
    name = box.run_id
    code = (
        "import itertools\n"
        f"stream = streams.count('{name}')\n"
        "got = list(itertools.islice(stream, 5_000))\n"
        "stream.close()\n"
        "got == list(range(5_000))"
    )

    assert await box.value(code) == "True"

    assert (await closed(box.driver, name))["given"] <= 4 * 5_000


async def test_a_stream_from_an_event_loop_and_two_at_once(box: Box) -> None:
    code = (
        "import asyncio\n"
        "async def few(name):\n"
        "    got = []\n"
        "    async for number in await streams.count.aio(name):\n"
        "        got.append(number)\n"
        "        if number == 999:\n"
        "            return got\n"
        "async def both():\n"
        f"    return await asyncio.gather(few('{box.run_id} a'), few('{box.run_id} b'))\n"
        "one, two = asyncio.run(both())\n"
        "one == two == list(range(1_000))"
    )

    assert await box.value(code) == "True"


async def test_two_streams_in_turns_do_not_mix(box: Box) -> None:
    name = box.run_id
    code = (
        "import itertools\n"
        f"pairs = list(itertools.islice(zip(streams.count('{name} a'), streams.breaks(900)), 900))\n"
        "pairs == [(n, n) for n in range(900)]"
    )

    assert await box.value(code) == "True"


@pytest.mark.parametrize("after", [0, 5, 450])
async def test_a_stream_that_breaks_off_gives_what_came_before(box: Box, after: int) -> None:
    code = (
        "got = []\n"
        "try:\n"
        f"    for number in streams.breaks({after}): got.append(number)\n"
        "except ToolFailedError as error: caught = error\n"
        f"(got == list(range({after})), str(caught), caught.java_class)"
    )

    assert await box.value(code) == str((True, f"断了 after {after}", "java.lang.IllegalStateException"))

    await nothing_open(box.driver)
    (finished,) = await box.journal("call_finished")
    assert not finished.data["ok"]
    assert finished.data.get("items", 0) == after


async def test_a_slow_stream_gives_each_item_as_it_comes(box: Box) -> None:
    name = box.run_id
    code = (
        "import itertools\n"
        f"stream = streams.ticks('{name}', 50)\n"
        "got = list(itertools.islice(stream, 15))\n"
        "stream.close()\n"
        "got == list(range(15))"
    )

    assert await box.value(code) == "True"

    assert (await closed(box.driver, name))["given"] < 60


async def test_a_stream_that_gives_nothing_in_time_says_so_and_is_closed(box: Box) -> None:
    name = box.run_id

    result = await box.run(f"next(streams.silent('{name}'))")

    assert result.error is not None
    assert (result.error_type, "streams.silent" in result.error) == ("ToolFailedError", True)
    await closed(box.driver, name)


async def test_a_stream_ends_with_the_action_and_nothing_stays_open(box: Box) -> None:
    name = box.run_id
    await box.value(f"kept = streams.count('{name}')\nnext(kept)")
    assert await looked_at(box.driver, "open") == 1

    await box.next_round(2)

    await closed(box.driver, name)
    await nothing_open(box.driver)
    result = await box.run("for number in kept: pass")
    assert (result.error_type, "ended with the action" in (result.error or "")) == ("ToolFailedError", True)


@pytest.mark.parametrize(
    ("tool", "call", "sign"),
    [
        ("stuck", "streams.stuck('{}')", "say there"),  # in the second piece, after 200 items that come at once
        ("ticks", "streams.ticks('{}', 5_000)", "running ticks"),  # in the first, or before the host has begun
    ],
)
async def test_a_run_that_is_cancelled_in_mid_stream_frees_the_host(box: Box, tool: str, call: str, sign: str) -> None:
    name = f"{tool} {box.run_id}"
    code = f"for number in {call.format(name)}:\n    if number == 199: say('there')"
    records = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(box.run, code)
        await until_heard(box.driver, sign)
        with anyio.fail_after(8):
            records = await box.driver.client.close_gate(box.run_id)

    assert [(record.tool, record.status) for record in records if record.tool != "say"] == [(tool, "cancelled")]
    if tool == "stuck":
        await closed(box.driver, name)
    await nothing_open(box.driver)


async def test_a_stream_is_one_call_in_the_journal(box: Box) -> None:
    code = f"import itertools\nwith streams.count('{box.run_id}') as stream: list(itertools.islice(stream, 3_000))"
    await box.value(code)
    await nothing_open(box.driver)

    rows = await box.journal()

    assert [row.kind for row in rows] == ["call_requested", "call_finished"]
    data = rows[1].data
    assert (data["ok"], data["closed_early"], data["sample"]) == (True, True, [0, 1, 2])
    assert 3_000 <= data["items"] <= 3_016
    assert "value" not in data


async def test_a_caller_that_takes_no_stream_gets_its_first_thousand_items(watcher: Driver) -> None:
    assert await looked_at(watcher, "count", name="engine") == list(range(1_000))
    assert len(await looked_at(watcher, "rows", count=40_000)) == 40_000
    await closed(watcher, "engine")

    too_much = await watcher.client.call("run_watch", "streams", "chinese", {"size": 6_000_000})
    assert too_much.error is not None
    assert "15 MB" in too_much.error.message
    await nothing_open(watcher)


# Bytes and text that come like a file


async def test_bytes_that_come_are_read_like_a_file(box: Box) -> None:
    code = (
        "expected = bytes(n % 251 for n in range(3_000_000))\n"
        "with streams.file(3_000_000) as file:\n"
        "    head = file.read(10)\n"
        "    rest = file.read()\n"
        "(head + rest == expected, repr(file)[:21], streams.file(0).read())"
    )

    assert await box.value(code) == str((True, "<bytes as they come, ", b""))
    data = (await box.journal("call_finished"))[0].data
    assert (data["bytes"], data["sample"]) == (3_000_000, [])


async def test_a_file_that_is_dropped_is_closed_in_the_host(box: Box) -> None:
    assert await box.value("file = streams.file(30_000_000)\nlen(file.read(1000))") == "1000"
    assert await looked_at(box.driver, "open") == 1

    await box.value("del file")

    await nothing_open(box.driver)


async def test_text_that_comes_is_read_by_lines(box: Box) -> None:
    code = (
        "lines = list(streams.lines(40_000))\n"
        "(len(lines), lines[0], lines[39_999], ''.join(lines) == streams.lines(40_000).read())"
    )

    assert await box.value(code) == str((40_000, "第 0 行 🐍\n", "第 39999 行 🐍\n", True))


# Large values


async def test_a_value_of_a_few_megabytes_is_what_it_always_is(box: Box) -> None:
    code = (
        "rows = streams.rows(40_000)\n"
        "(type(rows).__name__, len(rows), rows[39_999].name, rows[-1]['load'],"
        " len(streams.chinese(1_500_000)), streams.chinese(500_000) == '数据🐍' * 500_000)"
    )

    assert await box.value(code) == str(("list", 40_000, "服务 39999", 39_999 / 8, 4_500_000, True))
    assert await box.value("len(results.wide(200_000).rows)") == "200000"
    assert await box.value("import asyncio\nlen(asyncio.run(streams.rows.aio(30_000)))") == "30000"


async def test_a_list_of_thirty_megabytes_is_a_handle_that_is_like_a_list(box: Box) -> None:
    code = (
        "rows = streams.rows(260_000)\n"
        "(type(rows).__name__, len(rows), rows[0].id, rows[-1].name, [row.id for row in rows[130_000:130_003]],"
        " sum(row.id for row in rows) == sum(range(260_000)), rows[::100_000][2].id, list(reversed(rows[:2]))[0].id)"
    )

    assert await box.value(code) == str(
        ("LargeList", 260_000, 0, "服务 259999", [130_000, 130_001, 130_002], True, 200_000, 1)
    )
    assert await box.value("try: rows[260_000]\nexcept IndexError as error: said = str(error)\nsaid") == (
        "260000 is out of range: there are 260,000"
    )
    shown = await box.value("rows")
    assert shown is not None
    assert "list of 260,000 items" in shown
    assert ".to_dataframe()" in shown
    data = (await box.journal("call_finished"))[0].data
    assert (data["items"], data["value"], len(data["sample"])) == (260_000, None, 3)
    assert data["value_bytes"] > 25_000_000
    await nothing_open(box.driver)


async def test_a_handle_is_good_in_later_actions_writes_itself_and_sleeps_with_its_session(
    box: Box, sandbox: NamespaceSandbox
) -> None:
    await box.value("rows = streams.rows(90_000)")
    await box.next_round(2)

    code = "import json\nrows.save('/tmp/rows.json')\njson.load(open('/tmp/rows.json')) == list(rows)"

    assert await box.value(code) == "True"
    names = await box.session.snapshot()
    other = await sandbox.spawn()
    await other.restore(names)
    woken = await other.run("(len(rows), rows[77_777].name)", limit_seconds=20, toolkits=())
    assert woken.value == str((90_000, "服务 77777")), woken.error
    await other.close()


async def test_a_handle_becomes_a_dataframe(sandbox: NamespaceSandbox, driver: Driver, watcher: Driver) -> None:
    session = await sandbox.spawn(libraries=True)
    made = Box(driver, session, f"run_{next(_RUN_NUMBERS)}", ("streams",))
    await driver.open_run(made.run_id, bind=False)
    await driver.client.bind(made.run_id, session.tool_socket, made.run_id, 1)

    value = await made.value("frame = streams.rows(90_000).to_dataframe()\n(frame.shape, int(frame.id.sum()))")

    assert value == str(((90_000, 4), sum(range(90_000))))
    await session.close()
    await driver.client.close_run(made.run_id)


async def test_forty_megabytes_are_bytes_whatever_their_size(box: Box) -> None:
    assert await box.value("streams.bytes(3)") == str(b"\x00\x01\x02")
    code = (
        "data = streams.bytes(40_000_000)\n"
        "(type(data).__name__, len(data), data[251:254], data[-1], data[39_999_998] == 39_999_998 % 251)"
    )
    assert await box.value(code) == str(("bytes", 40_000_000, b"\x00\x01\x02", 39_999_999 % 251, True))


async def test_more_bytes_than_fit_are_a_handle_too(box: Box) -> None:
    code = (
        "data = streams.bytes(60_000_000)\n"
        "(type(data).__name__, len(data), data[59_999_990:] == bytes(n % 251 for n in range(59_999_990, 60_000_000)),"
        " sum(len(piece) for piece in data))"
    )
    assert await box.value(code) == str(("LargeBytes", 60_000_000, True, 60_000_000))


async def test_a_long_chinese_text_is_a_handle_that_is_like_a_text(box: Box) -> None:
    code = (
        "text = streams.chinese(7_000_000)\n"
        "(type(text).__name__, len(text), text[:4], text[-3:], text[12_345_678], '🐍数' in text, '没有' in text)"
    )
    assert await box.value(code) == str(("LargeText", 21_000_000, "数据🐍数", "数据🐍", "数", True, False))


async def test_bytes_go_there_and_back(box: Box) -> None:
    assert await box.value("binaries.bytes(bytes(range(256))) == bytes(range(256))") == "True"
    assert await box.value("binaries.optional_bytes(None)") is None


# Ends


class LosingGateway(WireGateway):
    """Loses the host's answer to every other call."""

    calls = 0

    def call(self, call: GatewayCall) -> CallOutcome:
        outcome = super().call(call)
        self.calls += 1
        if self.calls % 2:
            raise GatewayUnavailableError("The answer was lost.")
        return outcome


def context_of(call_id: str, timeout_seconds: float) -> str:
    """Return the context of a call of `run_pages`."""
    return CallContext(
        call_id=call_id,
        run_id="run_pages",
        session_id="s",
        tenant="t",
        user="u",
        timeout_seconds=timeout_seconds,
        pages=True,
    ).model_dump_json()


def opened(gateway: WireGateway, losing: WireGateway, call_id: str) -> tuple[list[Any], ResultPieces, ResultCloser]:
    """Call an endless stream and return its first items, and the rest behind a gateway that loses answers."""
    sent = GatewayCall(call_id, "streams", "count", f'{{"name":"{call_id}"}}', context_of(call_id, 5.0), 5.0)
    first = gateway.call(sent)
    assert first.page is not None, first.error
    closer = ResultCloser()
    return first.value, ResultPieces(losing, gateway, closer, call_id, first.page, context_of), closer


def test_a_piece_whose_answer_was_lost_is_asked_for_again(host: ContractHost, home: Path) -> None:
    gateway, losing = WireGateway(home), LosingGateway(home)
    items, pieces, closer = opened(gateway, losing, "run_pages/1")

    for _ in range(5):
        piece = pieces.pull(5.0)
        assert piece.ok, piece.error
        items += piece.value

    assert items == list(range(len(items)))
    assert len(items) > 1_000
    assert losing.calls == 10
    pieces.close()
    closer.close(5.0)
    assert not pieces.pull(5.0).ok
    losing.close()
    gateway.close()


def test_a_piece_that_cannot_be_had_is_an_outcome_and_lets_go_of_the_rest(host: ContractHost, home: Path) -> None:
    gateway, losing = WireGateway(home), LosingGateway(home)
    _, pieces, closer = opened(gateway, losing, "run_pages/2")
    losing.close()

    piece = pieces.pull(5.0)

    assert piece.error is not None
    assert (piece.error.kind, piece.error.retryable) == ("unavailable", True)
    assert pieces.pull(5.0).error is not None
    assert release_results(gateway, "run_pages", context_of)
    closer.close(5.0)
    gateway.close()


async def test_at_the_level_without_files_and_handles_everything_comes_whole(driver: Driver, watcher: Driver) -> None:
    async with MontySandbox() as sandbox:
        session = await sandbox.spawn()
        made = Box(driver, session, f"run_{next(_RUN_NUMBERS)}", ("streams", "results"))
        await driver.open_run(made.run_id, bind=False)
        await driver.client.bind(made.run_id, session.tool_socket, made.run_id, 1)

        assert (
            await made.value("rows = streams.rows(30_000)\n(len(rows), rows[29_999]['name'])")
            == "(30000, '服务 29999')"
        )
        assert await made.value("(len(streams.file(2_000_000)), len(streams.bytes(2_000_000)), streams.bytes(2))") == (
            "(2000000, 2000000, b'\\x00\\x01')"
        )
        assert await made.value("(len(streams.lines(9)), len(results.wide(100_000)['rows']))") == "(72, 100000)"
        assert await made.value(f"len(streams.count('{made.run_id}'))") == "1000"
        too_much = await made.run("streams.bytes(20_000_000)")
        assert "longer than 16 MB" in (too_much.error or "")
        await closed(driver, made.run_id)
        await session.close()
        await driver.client.close_run(made.run_id)
    await nothing_open(driver)


async def test_a_new_broker_lets_go_of_what_one_that_died_has_left(
    host: ContractHost, home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "home"
    other.mkdir()
    (other / "gateway.json").write_bytes((home / "gateway.json").read_bytes())
    async with driven(other) as first:
        await first.open_run("run_left")
        await first._in_thread(lambda: first.guest.begin("streams", "count", "left"))
        assert "s" in await first._in_thread(first.guest.read)
        await first.open_run("run_before", bind=False)
        assert await looked_at(first, "open", run="run_before") == 1
        await first.client.flush()
        first.client._process.kill()
        await first.engine.lost.wait()
    with sqlite3.connect(other / "journal.db") as journal:
        assert journal.execute("SELECT count(*) FROM journal WHERE run_id = 'run_left'").fetchone()[0] == 1

    async with driven(other) as second:
        await second.open_run("run_after", bind=False)
        await closed(second, "left", run="run_after")
        assert await looked_at(second, "open", run="run_after") == 0


async def test_a_host_that_goes_in_mid_stream_is_said_so(
    host: ContractHost, home: Path, sandbox: NamespaceSandbox, driver: Driver
) -> None:
    """The last test of the module: it ends the host."""
    session = await sandbox.spawn()
    box = Box(driver, session, "run_last", ("streams",))
    await driver.open_run(box.run_id, bind=False)
    await driver.client.bind(box.run_id, session.tool_socket, box.run_id, 1)
    results = []

    async def read() -> None:
        code = "for number in streams.ticks('last', 20):\n    if number == 9: say('flows')"
        results.append(await box.run(code))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await until_heard(driver, "say flows")
        await anyio.to_thread.run_sync(host.close)

    assert results[0].error_type == "ToolFailedError", results[0]
    assert "streams.ticks" in (said := results[0].error or "") or "host" in said, said
    (finished,) = [row.data for row in await box.journal("call_finished") if not row.data["ok"]]
    assert (finished["tool"], finished["error"]["kind"]) == ("ticks", "unavailable")
    await session.close()
