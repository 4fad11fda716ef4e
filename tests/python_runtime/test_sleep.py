"""Sessions that sleep, wake, are killed or outlive their engine: their names come back, and what is gone is said."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.held_session import HeldSession
from sanca.python_runtime.observation import format_observation

pytestmark = pytest.mark.anyio

STUCK = "sum(range(10 ** 12))"
SUICIDE = "import os\nos.kill(os.getpid(), 9)"


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - what a background task does has no event for us
            await anyio.sleep(0.01)


async def execute_and_keep(engine: Engine, home: Path, code: str, session_id: str = "ses_a") -> None:
    """Run an action and wait until its names are on the disk."""
    path = home / "snapshots" / session_id
    before = path.stat().st_mtime_ns if path.exists() else 0
    result = await engine.execute(code, session_id=session_id)
    assert result.status == "ok", result.error
    await until(lambda: path.exists() and path.stat().st_mtime_ns > before)


async def test_a_session_that_slept_has_its_names_and_says_which_are_gone(home: Path) -> None:
    async with Engine(home) as engine:
        workers = engine.parts.workers
        await engine.execute("x = 5\ndef double(): return 2 * x\nf = open('/tmp/f', 'w')", session_id="ses_a")
        await workers.sleep("ses_a")
        assert (workers.held, workers.awake) == (1, 0)
        woken = await engine.execute("x = x + 1\ndouble()", session_id="ses_a")
        again = await engine.execute("double()", session_id="ses_a")

    assert (woken.status, woken.value, woken.names_lost) == ("ok", "12", False)
    assert woken.lost_names == ("f",)
    assert woken.notes == ("f: it is an open file, or holds one.",)
    assert "Names of earlier rounds that are gone: f." in format_observation(woken, 8_000)
    assert "f: it is an open file" in format_observation(woken, 8_000)
    assert (again.value, again.lost_names, again.notes) == ("12", (), ())


async def test_names_outlive_the_engine_and_the_action_is_told(home: Path) -> None:
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = {'a': [1, 2]}")
    async with Engine(home) as engine:
        first = await engine.execute("x['a'].append(3)\nx", session_id="ses_a")
        second = await engine.execute("x", session_id="ses_a")
        other = await engine.execute("x", session_id="ses_b")

    assert (first.status, first.value) == ("ok", "{'a': [1, 2, 3]}")
    assert first.notes == ("The engine was started anew since the last action; the session's names were kept.",)
    assert (second.value, second.notes) == ("{'a': [1, 2, 3]}", ())
    assert other.error_type == "NameError"


async def test_what_was_not_kept_before_the_engine_died_is_told_by_the_next_one(home: Path) -> None:
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = 5")
    left = home / "snapshots" / "ses_a.newer~"
    assert not left.exists()
    async with Engine(home) as engine:
        await engine.execute("x = 5", session_id="ses_a")
        snapshot = (home / "snapshots" / "ses_a").read_bytes()
        await engine.execute("y = 6", session_id="ses_a")
    (home / "snapshots" / "ses_a").write_bytes(snapshot)  # as if it had died before it kept y
    left.touch()
    async with Engine(home) as engine:
        first = await engine.execute("x, 'y' in globals()", session_id="ses_a")
        second = await engine.execute("x", session_id="ses_a")

    assert first.value == "(5, False)"
    assert len(first.notes) == 1
    assert "before it had kept what the last action left" in format_observation(first, 8_000)
    assert second.notes == ()


async def test_it_is_on_the_disk_while_an_action_runs_that_newer_names_may_come(home: Path) -> None:
    left = home / "snapshots" / "ses_a.newer~"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code="say('begun')\nwhile True: pass"))
        async for event in log.follow(until="first_end"):
            if '"delta":"begun"' in event.json:
                assert left.exists()
                await engine.cancel(log.run_id)
        await engine.execute("x = 1", session_id="ses_a")
        await until(lambda: not left.exists())


async def test_a_polite_end_keeps_what_the_quick_snapshot_left_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_QUICK_SNAPSHOT_KILOBYTES", "1")
    monkeypatch.setenv("SANCA_IDLE_SNAPSHOT_SECONDS", "60")
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = bytes(100_000)")
    async with Engine(home) as engine:
        assert (await engine.execute("len(x)", session_id="ses_a")).value == "100000"


async def test_names_bound_after_the_last_snapshot_are_told_when_they_are_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = 5")
        monkeypatch.setattr(HeldSession, "take_snapshot", no_snapshot)
        await engine.execute("y = 6", session_id="ses_a")
        killed = await engine.execute(SUICIDE, session_id="ses_a")
        after = await engine.execute("x, 'y' in globals()", session_id="ses_a")

    assert killed.lost_names == ("y",)
    assert "y: it was bound after the last snapshot." in format_observation(killed, 8_000)
    assert after.value == "(5, False)"


async def no_snapshot(*_: object) -> None:
    """As when the next action waits already."""


async def test_what_a_session_may_use_altogether_outlives_sleep_and_the_engine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_SESSION_SECONDS", "2")
    code = "x = 5\n__import__('time').sleep(0.7)"
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, code)
        await engine.parts.workers.sleep("ses_a")
        await execute_and_keep(engine, home, code)
    async with Engine(home) as engine:
        cut = await engine.execute("__import__('time').sleep(10)", session_id="ses_a")
        spent = await engine.execute("x", session_id="ses_a")
        anew = await engine.execute("'x' in globals()", session_id="ses_a")

    assert (cut.status, cut.seconds < 2) == ("timeout", True)
    assert (spent.status, spent.names_lost) == ("limit", True)
    assert "This session has used up its 2 seconds" in (spent.error or "")
    assert (anew.status, anew.value) == ("ok", "False")


@pytest.mark.parametrize("end", [SUICIDE, STUCK])
async def test_names_come_back_after_an_action_that_had_to_be_killed(
    home: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("SANCA_ACTION_LIMIT_SECONDS", "0.5")
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = 5\nlock = __import__('threading').Lock()")
        killed = await engine.execute(f"made_now = 1\n{end}", session_id="ses_a")
        after = await engine.execute("x, 'made_now' in globals(), 'lock' in globals()", session_id="ses_a")

    assert killed.status in {"killed", "timeout"}
    assert (killed.names_lost, killed.lost_names) == (False, ("lock",))
    assert "lock: it is a lock" in format_observation(killed, 8_000)
    assert (after.value, after.lost_names) == ("(5, False, False)", ())


async def test_a_session_killed_before_its_first_snapshot_has_lost_its_names_and_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_QUICK_SNAPSHOT_MILLISECONDS", "0.001")
    async with Engine(home) as engine:
        await engine.execute("x = 5", session_id="ses_a")
        await until(lambda: (home / "snapshots" / "ses_a").exists())
        killed = await engine.execute(SUICIDE, session_id="ses_a")

    assert "x" in killed.lost_names
    assert "takes longer than allowed" in format_observation(killed, 8_000)


async def test_a_cancelled_run_leaves_the_session_as_it_was(home: Path) -> None:
    async with Engine(home) as engine:
        await engine.execute("x = 5\nopened = open('/tmp/a', 'w')", session_id="ses_a")
        log = await engine.start(engine.request("ses_a", LOCAL, action_code="say('begun')\nwhile True: pass"))
        async for event in log.follow(until="first_end"):
            if "begun" in event.json:
                await engine.cancel(log.run_id)
        after = await engine.execute("x, opened.closed", session_id="ses_a")

    assert (after.value, after.lost_names) == ("(5, False)", ())


async def test_a_crowd_of_sessions_never_keeps_more_processes_awake_than_it_may_and_runs_need(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_AWAKE_SESSIONS", "2")
    monkeypatch.setenv("SANCA_RUNS_AT_ONCE", "2")
    most: list[int] = []
    async with Engine(home) as engine, anyio.create_task_group() as crowd:

        async def one(number: int) -> None:
            result = await engine.execute(f"x = {number}\nx", session_id=f"ses_{number}")
            most.append(engine.parts.workers.awake)
            assert result.value == str(number)

        for number in range(12):
            crowd.start_soon(one, number)

    assert len(most) == 12
    assert max(most) <= 4


async def test_too_many_awake_sessions_go_to_sleep_longest_idle_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_AWAKE_SESSIONS", "2")
    monkeypatch.setenv("SANCA_IDLE_SNAPSHOT_SECONDS", "0.05")
    async with Engine(home) as engine:
        workers = engine.parts.workers
        for number in range(4):
            await engine.execute(f"x = {number}", session_id=f"ses_{number}")
        await until(lambda: workers.awake == 2)
        assert workers.held == 4
        values = [(await engine.execute("x", session_id=f"ses_{number}")).value for number in range(4)]

    assert values == ["0", "1", "2", "3"]


async def test_idle_session_is_put_to_sleep(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_IDLE_SECONDS", "0.1")
    async with Engine(home) as engine:
        await engine.execute("x = 5", session_id="ses_a")
        await until(lambda: engine.parts.workers.awake == 0)
        assert (await engine.execute("x", session_id="ses_a")).value == "5"


async def test_snapshots_are_the_engines_alone_and_go_with_the_session(home: Path) -> None:
    async with Engine(home) as engine:
        await execute_and_keep(engine, home, "x = 5")
        path = home / "snapshots" / "ses_a"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        await engine.parts.workers.let_go("ses_a")
        assert not path.exists()
        assert (await engine.execute("x", session_id="ses_a")).error_type == "NameError"


async def test_hash_seed_stands_in_the_actions_journal_row(home: Path) -> None:
    async with Engine(home) as engine:
        result = await engine.execute("__import__('os').environ['PYTHONHASHSEED']", session_id="ses_a")
        await engine.parts.journal.flush()
    with sqlite3.connect(home / "journal.db") as journal:
        rows = journal.execute("select data from journal where kind = 'action'").fetchall()
    assert [str(json.loads(row[0])["hash_seed"]) for row in rows] == [result.value]


async def test_action_with_a_library_wakes_where_it_is_loaded(home: Path) -> None:
    async with Engine(home) as engine:
        first = await engine.execute("import pandas\ntable = pandas.DataFrame({'a': [1, 2]})", session_id="ses_a")
        assert first.status == "ok", first.error
        await engine.parts.workers.sleep("ses_a")
        loaded = "__import__('sys').modules.get('matplotlib') is not None"
        woken = await engine.execute(f"int(table.a.sum()), {loaded}", session_id="ses_a")
        light = await engine.execute(loaded, session_id="ses_b")

    assert woken.value == "(3, True)"
    assert light.value == "False"
