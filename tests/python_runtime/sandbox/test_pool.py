"""Sessions made ahead of need: from many threads, as many as are taken, from servers that change."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import NamespaceSandbox, SandboxSettings

pytestmark = pytest.mark.anyio

THREADS, SESSIONS = 24, 8


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - what the pool's own thread does has no event for us
            await anyio.sleep(0.01)


async def test_sessions_of_many_threads_and_tasks_do_not_cross() -> None:
    def live(number: int) -> None:
        try:
            anyio.run(live_inside, number)
        except BaseException as error:
            failures.append(error)

    async def live_inside(number: int) -> None:
        async with anyio.create_task_group() as tasks:
            for part in range(2):
                tasks.start_soon(live_many, 2 * number + part)

    async def live_many(number: int) -> None:
        for count in range(SESSIONS // 2):
            session = await sandbox.spawn(libraries=False)
            await session.run(f"mine = {number}", limit_seconds=30, toolkits=())
            result = await session.run(f"mine, {count}", limit_seconds=30, toolkits=())
            values.append((result.value, f"({number}, {count})"))
            await session.close()

    values: list[tuple[str | None, str]] = []
    failures: list[BaseException] = []
    async with NamespaceSandbox(SandboxSettings(warm_sessions=4)) as sandbox:
        threads = [threading.Thread(target=live, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await anyio.to_thread.run_sync(thread.join)
    assert failures == []
    assert len(values) == THREADS * SESSIONS
    assert [pair for pair in values if pair[0] != pair[1]] == []


async def test_pool_grows_with_a_burst_and_shrinks_when_idle() -> None:
    settings = SandboxSettings(warm_sessions=1, warm_sessions_most=6, warm_idle_seconds=1.0)
    async with NamespaceSandbox(settings) as sandbox:
        await until(lambda: sandbox.ready_sessions == 1)
        sessions = [await sandbox.spawn(libraries=False) for _ in range(8)]
        await until(lambda: sandbox.ready_sessions > 1)
        await until(lambda: sandbox.ready_sessions == 1)
        for session in sessions:
            assert (await session.run("1", limit_seconds=10, toolkits=())).value == "1"


async def test_waiting_take_that_is_cancelled_loses_no_session() -> None:
    settings = SandboxSettings(warm_sessions=0, warm_sessions_most=1, warm_idle_seconds=0.5)
    before = processes_below()
    async with NamespaceSandbox(settings) as sandbox:
        for _ in range(10):
            with anyio.move_on_after(0.002):
                await sandbox.spawn(libraries=False)
        session = await sandbox.spawn(libraries=False)
        assert (await session.run("2", limit_seconds=10, toolkits=())).value == "2"
        await session.close()
        await until(lambda: sandbox.ready_sessions == 0)
    assert processes_below() == before


async def test_ready_session_that_was_killed_is_not_handed_out() -> None:
    async with NamespaceSandbox(SandboxSettings(warm_sessions=2)) as sandbox:
        await until(lambda: sandbox.ready_sessions == 2)
        for pid in first_processes():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not first_processes())
        session = await sandbox.spawn(libraries=False)
        assert (await session.run("3", limit_seconds=10, toolkits=())).value == "3"


async def test_fork_server_is_replaced_after_so_many_sessions_and_the_old_one_ends_with_its_last() -> None:
    settings = SandboxSettings(server_sessions=3, warm_sessions=1, warm_sessions_most=1)
    before = children()
    async with NamespaceSandbox(settings, renew_seconds=0.05) as sandbox:
        first = await sandbox.spawn(libraries=False)
        (old,) = children() - before
        others = [await sandbox.spawn(libraries=False) for _ in range(3)]
        await until(lambda: sandbox.hash_seed != first.hash_seed)
        for session in others:
            await session.close()
        later = await sandbox.spawn(libraries=False)
        assert later.hash_seed != first.hash_seed
        assert (await first.run("import os; os.environ['PYTHONHASHSEED']", limit_seconds=10, toolkits=())).value == str(
            first.hash_seed
        )
        assert old in children()
        await first.close()
        await until(lambda: old not in children())
        assert (await later.run("4", limit_seconds=10, toolkits=())).value == "4"


async def test_what_warms_a_session_up_leaves_no_trace_in_it() -> None:
    code = (
        "import linecache\n"
        "[name for name in globals() if not name.startswith('__')], [name for name in linecache.cache if '#' in name]"
    )
    async with NamespaceSandbox(SandboxSettings(warm_sessions=1)) as sandbox:
        await until(lambda: sandbox.ready_sessions == 1)
        session = await sandbox.spawn(libraries=False)
        result = await session.run(code, limit_seconds=10, toolkits=())
        assert result.value == "(['linecache'], ['<action>#1'])"


async def test_tenants_sessions_have_their_own_limits_and_nobody_elses() -> None:
    settings = SandboxSettings(tenants={"small": {"open_files": 20}})
    code = "import resource\nresource.getrlimit(resource.RLIMIT_NOFILE)[0]"
    async with NamespaceSandbox(settings) as sandbox:
        for _ in range(2):
            small = await sandbox.spawn(libraries=False, tenant="small")
            usual = await sandbox.spawn(libraries=False)
            assert (await small.run(code, limit_seconds=10, toolkits=())).value == "20"
            assert (await usual.run(code, limit_seconds=10, toolkits=())).value == "64"


async def test_take_after_close_says_that_the_sandbox_is_not_running() -> None:
    sandbox = NamespaceSandbox()
    await sandbox.start()
    await sandbox.close()
    with pytest.raises(SandboxError, match="not running"):
        await sandbox.spawn(libraries=False)
    assert not [one for one in threading.enumerate() if one.name == "sandbox"]


def parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                found[int(folder.name)] = int(fields[1])
    return found


def children(of: int | None = None) -> set[int]:
    return {pid for pid, parent in parents().items() if parent == (of or os.getpid())}


def first_processes() -> set[int]:
    """Return the sessions' first processes: children of our fork servers that have a child."""
    known = parents()
    grandchildren = {pid for pid, parent in known.items() if parent in children()}
    return {pid for pid in grandchildren if pid in known.values()}


def processes_below() -> set[int]:
    known, found, wave = parents(), set[int](), {os.getpid()}
    while wave := {pid for pid, parent in known.items() if parent in wave}:
        found |= wave
    return found
