"""A session's names taken out and given to another session: what comes back, what does not, and what is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import ActionResult, Sandbox, SandboxSession
from sanca.python_runtime.sandbox.ports import Snapshot
from tool_answers import ToolAnswers

pytestmark = pytest.mark.anyio

NEEDS = "snapshot"

BOUND = """
import json, math
from dataclasses import dataclass
from enum import Enum

number = 21
text = "中文"
shared = [1]
also_shared = shared
double = lambda value: value * number

@dataclass
class Point:
    x: int
    y: int = 0

class Further(Point):
    def total(self):
        return super().__eq__(self) and self.x + self.y

class Colour(Enum):
    RED = 1

def counter():
    count = 0
    def more():
        nonlocal count
        count += 1
        return count
    return more

more = counter()
more()
point, further, colour = Point(1), Further(2, 3), Colour.RED
"""
LOST = {
    "opened": ("open('/tmp/opened.txt', 'w')", "it is an open file, or holds one."),
    "numbers": ("(n for n in range(3))", "it is a running generator, or holds one."),
    "lock": ("__import__('threading').Lock()", "it is a lock, or holds one."),
    "thread": ("__import__('threading').Thread(target=print)", "it is a thread, or holds one."),
    "held": ("[[__import__('threading').RLock()]]", "it is a lock, or holds one."),
    "connection": ("__import__('sqlite3').connect(':memory:')", "sqlite3.Connection"),
    "hostile": ("type('Hostile', (), {'__reduce__': lambda self: 1 / 0})()", "ZeroDivisionError"),
    "leaving": ("type('Leaving', (), {'__reduce__': lambda self: __import__('sys').exit(3)})()", "SystemExit"),
}


@pytest.fixture
async def other(sandbox: Sandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    with anyio.fail_after(30):
        return await session.run(code, **{"limit_seconds": 20.0, "toolkits": ("system", "mcp.runbooks"), **more})


async def value_of(session: SandboxSession, code: str) -> str | None:
    result = await run(session, code)
    assert result.status == "ok", result.error
    return result.value


async def test_what_actions_define_comes_back_and_goes_on_living(
    session: SandboxSession, other: SandboxSession
) -> None:
    await value_of(session, BOUND)
    snapshot = await session.snapshot()
    assert {"number", "double", "Point", "more", "json"} <= set(snapshot.kept)
    assert snapshot.lost == {}
    assert await other.restore(snapshot) == ()
    code = "shared.append(2)\n(also_shared, more(), further.total(), colour is Colour.RED, type(point) is Point, text)"
    assert await value_of(other, code) == "([1, 2], 2, 5, True, True, '中文')"
    assert await value_of(other, "math.floor(2.5), json.dumps([1])") == "(2, '[1]')"


async def test_functions_that_come_back_see_names_bound_later(session: SandboxSession, other: SandboxSession) -> None:
    await value_of(session, "def late(): return not_yet\nnumber = 1\ndef read(): return number")
    await other.restore(await session.snapshot())
    assert await value_of(other, "not_yet, number = 2, 3\nlate(), read()") == "(2, 3)"


async def test_the_session_goes_on_after_its_snapshot(session: SandboxSession) -> None:
    await value_of(session, BOUND)
    await session.snapshot()
    await session.snapshot()
    assert await value_of(session, "more(), double(2), say") is not None


@pytest.mark.parametrize("name", LOST)
async def test_what_cannot_be_kept_is_named_with_the_reason(
    session: SandboxSession, other: SandboxSession, name: str
) -> None:
    expression, reason = LOST[name]
    await value_of(session, f"{name} = {expression}\nkept = 1\ndef use(): return {name}")
    snapshot = await session.snapshot()
    assert set(snapshot.lost) - {"/tmp/opened.txt"} == {name}
    assert reason in snapshot.lost[name]
    await other.restore(snapshot)
    assert await value_of(other, "kept") == "1"
    assert (await run(other, "use()")).error_type == "NameError"
    assert await value_of(session, f"kept, {name} is None") == "(1, False)"


async def test_tools_that_were_given_names_call_again(session: SandboxSession, other: SandboxSession) -> None:
    first = ToolAnswers(session.tool_socket)
    await value_of(session, "speak, logs, books = say, system.logs, mcp.runbooks\nfound = tools")
    snapshot = await session.snapshot()
    first.close()
    second = ToolAnswers(other.tool_socket)
    try:
        await other.restore(snapshot)
        assert await value_of(other, "logs(), books.search('x'), found, books") == (
            "(None, None, <tools: search(query), describe(name)>, <toolkit mcp.runbooks>)"
        )
        await value_of(other, "speak('again')")
        assert second.said.is_set()
    finally:
        second.close()


async def test_own_files_come_back_and_newer_ones_stay(session: SandboxSession, other: SandboxSession) -> None:
    await value_of(
        session,
        "import os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c.txt', 'w').write('deep')\n"
        "open('/tmp/both.txt', 'w').write('old')\nos.symlink('both.txt', '/tmp/link')",
    )
    await value_of(other, "open('/tmp/both.txt', 'w').write('new')")
    await other.restore(await session.snapshot())
    code = "open('/tmp/a/b/c.txt').read(), open('/tmp/link').read()"
    assert await value_of(other, code) == "('deep', 'new')"


async def test_bounds_leave_out_the_largest_and_say_so(session: SandboxSession, other: SandboxSession) -> None:
    await value_of(session, "small, large = 1, bytes(3_000_000)\nopen('/tmp/big', 'wb').write(large)")
    snapshot = await session.snapshot(limit_bytes=1_000_000)
    assert len(snapshot.data) < 100_000
    assert set(snapshot.kept) >= {"small"}
    assert set(snapshot.lost) == {"large", "/tmp/big"}
    assert "larger" in snapshot.lost["large"]
    await other.restore(snapshot)
    assert await value_of(other, "small, 'large' in globals()") == "(1, False)"


async def test_many_middling_names_share_the_room(session: SandboxSession) -> None:
    await value_of(session, "for n in range(8): globals()[f'part_{n}'] = bytes([n]) * 300_000")
    snapshot = await session.snapshot(limit_bytes=1_000_000)
    assert sum(name.startswith("part_") for name in snapshot.kept) == 3
    assert sum("no room" in reason for reason in snapshot.lost.values()) == 5


async def test_value_that_never_ends_its_pickling_is_interrupted(session: SandboxSession) -> None:
    await value_of(session, "class Slow:\n    def __reduce__(self):\n        while True: pass\nslow, kept = Slow(), 1")
    with pytest.raises(SandboxError, match="could not be kept"):
        await session.snapshot(limit_seconds=0.05)
    assert await value_of(session, "kept") == "1"


async def test_value_that_never_ends_its_pickling_costs_the_others_nothing(session: SandboxSession) -> None:
    ringing = "import signal\nrung = []\nsignal.signal(signal.SIGALRM, lambda *_: rung.append(1))\n"
    endless = "class Slow:\n    def __reduce__(self):\n        while True: pass\nfirst, slow, kept = 'a', Slow(), 1"
    await value_of(session, ringing + endless)
    snapshot = await session.snapshot(limit_seconds=4.0)
    assert snapshot.lost.get("slow") == "it takes longer than allowed to write it down."
    assert {"first", "kept"} <= set(snapshot.kept)
    ring = "import time\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(0.2)\nrung"
    assert await value_of(session, ring) == "[1]"


async def test_guest_that_ends_itself_while_it_is_pickled_loses_only_itself(session: SandboxSession) -> None:
    await value_of(session, "import os\nclass Bomb:\n    def __reduce__(self): os._exit(3)\nbomb = Bomb()")
    with pytest.raises(SandboxError, match="could not be kept"):
        await session.snapshot()
    assert session.names_lost
    assert await value_of(session, "1 + 1") == "2"


async def test_bytes_that_are_no_snapshot_bring_nothing_back(session: SandboxSession, other: SandboxSession) -> None:
    await value_of(session, "kept = 1")
    snapshot = await session.snapshot()
    broken = type(snapshot)(data=snapshot.data[: len(snapshot.data) // 2], kept=snapshot.kept)
    assert await other.restore(broken) == snapshot.kept
    assert await value_of(other, "'kept' in globals()") == "False"


async def test_snapshot_during_an_action_is_an_error(session: SandboxSession) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, session, "import time\ntime.sleep(60)")
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(SandboxError, match="already"):
            await session.snapshot()
        await session.interrupt()


async def test_traceback_through_a_function_that_came_back_shows_its_line(
    session: SandboxSession, other: SandboxSession
) -> None:
    await value_of(session, "def divide(a, b):\n    return a / b")
    await other.restore(await session.snapshot())
    result = await run(other, "divide(1, 0)")
    assert result.error is not None
    assert "return a / b" in result.error


async def test_tables_come_back_also_where_libraries_are_not_loaded_yet(sandbox: Sandbox) -> None:
    heavy, light = await sandbox.spawn(libraries=True), await sandbox.spawn(libraries=False)
    try:
        imported = await run(heavy, "import pandas")
        assert imported.status == "ok", f"there is no guest library here (`make setup` makes it): {imported.error}"
        await value_of(heavy, "table = pandas.DataFrame({'a': range(1000), 'b': 'x'})\nview = table.a")
        snapshot = await heavy.snapshot()
        assert snapshot.libraries
        assert await light.restore(snapshot) == ()
        assert await value_of(light, "int(table.a.sum()), len(view)") == "(499500, 1000)"
    finally:
        await heavy.close()
        await light.close()


async def test_level_that_takes_no_snapshots_refuses_in_a_sentence(sandbox: Sandbox, session: SandboxSession) -> None:
    if sandbox.abilities.snapshot:
        assert (await session.snapshot()).kept == ()
        return
    with pytest.raises(SandboxError, match="cannot take a session's names out"):
        await session.snapshot()
    with pytest.raises(SandboxError):
        await session.restore(Snapshot(data=b"", kept=("a",)))
