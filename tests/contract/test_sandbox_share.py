"""What a whole session may use of processor and memory, in the real sandbox: by control groups, and without them."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from sanca.python_runtime.sandbox import ActionResult, NamespaceSandbox, SandboxSession, SandboxSettings
from sanca.python_runtime.sandbox.fork_server import landlock
from sanca.python_runtime.sandbox.fork_server.groups import find_places, parent_of
from sanca.python_runtime.sandbox.landlock import LandlockSandbox
from sanca.python_runtime.sandbox.launcher import ForkServer

pytestmark = pytest.mark.anyio

BUSY = """
import time
began, before = time.monotonic(), time.process_time()
while time.monotonic() - began < 1.5: pass
(time.process_time() - before) / (time.monotonic() - began)
"""
BUSY_CHILDREN = """
import os, time
began, before = time.monotonic(), sum(os.times()[2:4])
def work():
    while time.monotonic() - began < 1.5: pass
    os._exit(0)
children = [child for _ in range(4) if (child := os.fork()) or work()]
for child in children: os.waitpid(child, 0)
(sum(os.times()[2:4]) - before) / (time.monotonic() - began)
"""
SHORT_CHILDREN = """
import os, time
began, before = time.monotonic(), sum(os.times()[:4])
while time.monotonic() - began < 1.5:
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        sum(range(100_000))
        os._exit(0)
(sum(os.times()[:4]) - before) / (time.monotonic() - began)
"""
FORGOTTEN_CHILDREN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
counting, count = os.pipe()
began = time.monotonic()
while time.monotonic() - began < 1.5:
    children = 0
    for _ in range(3):
        if not os.fork():
            own = time.process_time()
            while time.process_time() - own < 0.02: pass
            os.write(count, b"." * round((time.process_time() - own) * 1000))
            os._exit(0)
    try: os.wait()
    except ChildProcessError: pass
len(os.read(counting, 1 << 20)) / 1000 / (time.monotonic() - began)
"""
WAITING_CHILD = """
import os, time
if not os.fork():
    time.sleep(20)
time.sleep(0.5)
"""
HUNGRY_CHILDREN = """
import os, time
def hold():
    held = bytearray(100 << 20)
    time.sleep(20)
    os._exit(0)
children = [child for _ in range(8) if (child := os.fork()) or hold()]
for child in children: os.waitpid(child, 0)
"""
SHARING_CHILDREN = """
import os, time
data = os.urandom(60 << 20)
def read():
    total = sum(data[::4096])
    time.sleep(0.3)
    os._exit(0)
children = [child for _ in range(6) if (child := os.fork()) or read()]
[os.waitpid(child, 0)[1] for child in children]
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=[True, False], ids=["groups", "watched"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[NamespaceSandbox]:
    if request.param and not any("cpu" in place.controllers for place in find_places()):
        pytest.skip("no control group may be made on this machine")
    async with NamespaceSandbox(SandboxSettings(control_groups=request.param, warm_sessions_most=1)) as made:
        yield made


@pytest.fixture
async def session(sandbox: NamespaceSandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str) -> ActionResult:
    with anyio.fail_after(60):
        return await session.run(code, limit_seconds=30.0, toolkits=())


@pytest.mark.parametrize("code", [BUSY, BUSY_CHILDREN, SHORT_CHILDREN, FORGOTTEN_CHILDREN])
async def test_session_gets_its_share_of_the_processor_and_no_more(session: SandboxSession, code: str) -> None:
    result = await run(session, code)
    assert result.status == "ok", result.error
    assert 0.01 < float(result.value or 0) < 0.65  # what it may save up while idle included


@pytest.mark.parametrize("groups", [True, False], ids=["groups", "watched"])
async def test_session_without_namespaces_gets_its_share_too(groups: bool) -> None:
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    async with LandlockSandbox(SandboxSettings(control_groups=groups, cores=0.3)) as sandbox:
        session = await sandbox.spawn(libraries=False)
        result = await run(session, BUSY)
        assert 0.01 < float(result.value or 0) < 0.45
        await session.close()


async def test_threads_of_libraries_have_small_stacks_and_the_main_one_a_large(session: SandboxSession) -> None:
    code = (
        "import ctypes, resource\nlibc = ctypes.CDLL(None)\n"
        "attributes, size = (ctypes.c_char * 64)(), ctypes.c_size_t()\n"
        "libc.pthread_getattr_default_np(attributes)\nlibc.pthread_attr_getstacksize(attributes, ctypes.byref(size))\n"
        "size.value >> 20, resource.getrlimit(resource.RLIMIT_STACK)[1] >> 20"
    )
    assert (await run(session, code)).value == "(1, 8)"


async def test_all_processes_together_hold_no_more_than_the_session_may(session: SandboxSession) -> None:
    result = await run(session, HUNGRY_CHILDREN)
    assert (result.status, result.names_lost) == ("limit", True)
    assert "All processes of the action together" in (result.error or "")
    assert result.seconds < 10
    assert 200 < (result.peak_megabytes or 0) < 700
    assert (await run(session, "1 + 1")).value == "2"


async def test_what_children_share_with_their_parent_counts_once(session: SandboxSession) -> None:
    result = await run(session, SHARING_CHILDREN)
    assert (result.status, result.value) == ("ok", "[0, 0, 0, 0, 0, 0]"), result.error


async def test_stopped_action_can_be_interrupted_and_goes_on_the_next_time(session: SandboxSession) -> None:
    await run(session, "kept = 1")
    async with anyio.create_task_group() as tasks:

        async def interrupt_later() -> None:
            await anyio.sleep(0.4)
            await session.interrupt()

        tasks.start_soon(interrupt_later)
        began = time.monotonic()
        result = await run(session, "while True: pass")
    assert result.status == "killed"
    assert time.monotonic() - began < 1.5
    assert (await run(session, "kept")).value == "1"


async def test_what_holds_a_session_is_told() -> None:
    server = ForkServer(SandboxSettings(control_groups=False))
    await server.start()
    assert server.groups.held == set()
    assert server.groups.sentence == "A session's processor and memory are watched every 50 ms."
    await server.close()
    server = ForkServer(SandboxSettings())
    await server.start()
    try:
        possible = {controller for place in find_places() for controller in place.controllers}
        assert server.groups.held <= possible
        assert all(f"version {version}" in server.groups.sentence for _, version in server.groups.versions)
    finally:
        await server.close()


async def test_tenants_have_limits_of_their_own() -> None:
    settings = SandboxSettings(tenants={"lab": {"processes": 4, "tmp_megabytes": 2, "open_files": 32, "tmp_files": 64}})
    code = "import os, resource\nos.statvfs('/tmp').f_files, resource.getrlimit(resource.RLIMIT_NPROC)[1]"
    async with NamespaceSandbox(settings) as sandbox:
        for tenant, expected in (("lab", "(64, 4)"), ("", "(4096, 16)")):
            session = await sandbox.spawn(tenant=tenant, libraries=False)
            assert (await run(session, code)).value == expected
            await session.close()


async def test_actions_of_a_session_together_have_a_limit_of_time() -> None:
    settings = SandboxSettings(session_seconds=1.0, control_groups=False)
    async with NamespaceSandbox(settings) as sandbox:
        session = await sandbox.spawn(libraries=False)
        assert (await run(session, "import time; time.sleep(0.5)")).status == "ok"
        assert (await run(session, "import time; time.sleep(5)")).status == "timeout"
        last = await run(session, "1 + 1")
        assert (last.status, last.names_lost, session.alive) == ("limit", True, False)
        assert "has used up its 1 seconds" in (last.error or "")
        await session.close()


async def test_actions_of_a_session_together_have_a_limit_of_processor_time() -> None:
    busy = "import time\nbegan = time.process_time()\nwhile time.process_time() - began < 0.7: pass"
    async with NamespaceSandbox(SandboxSettings(session_cpu_seconds=1.0, cores=2)) as sandbox:
        session = await sandbox.spawn(libraries=False)
        assert [(await run(session, busy)).status for _ in range(3)] == ["ok", "ok", "limit"]
        await session.close()


async def test_no_group_is_left_behind() -> None:
    async with NamespaceSandbox() as sandbox:
        sessions = [await sandbox.spawn(libraries=False) for _ in range(3)]
        assert (await run(sessions[0], "1")).status == "ok"
        assert not inner_groups(groups_of(os.getpid())), "a short action needs none"
        for session in sessions:
            await run(session, WAITING_CHILD)
        made = groups_of(os.getpid())
        inner = inner_groups(made)
        assert len(inner) == 3 * len(made)
        await sessions[0].close()
    assert not any(group.exists() for group in made | inner)


def test_engine_that_is_killed_leaves_no_group_behind() -> None:
    program = (
        "import anyio\nfrom sanca.python_runtime.sandbox import NamespaceSandbox\n"
        "async def main():\n"
        "    async with NamespaceSandbox() as sandbox:\n"
        "        session = await sandbox.spawn(libraries=False)\n"
        f"        await session.run({WAITING_CHILD!r}, limit_seconds=20, toolkits=())\n"
        "        print('ready', flush=True)\n"
        "        await session.run('while True: pass', limit_seconds=60, toolkits=())\n"
        "anyio.run(main)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == "ready\n"
        made = groups_of(engine.pid)
        assert len(inner_groups(made)) == len(made)
        keepers = [os.pidfd_open(int(group.name.split("-")[1])) for group in made]
        engine.kill()
    try:
        for keeper in keepers:
            assert select.select([keeper], [], [], 10)[0], "the keeper of groups lives on"
    finally:
        for keeper in keepers:
            os.close(keeper)
    assert not any(group.exists() for group in made)


def groups_of(engine: int) -> set[Path]:
    """The groups of an engine's fork servers; each is named after its keeper, a grandchild of the engine."""
    groups = {group for place in find_places() for group in place.folder.glob("sanca-*-*")}
    return {group for group in groups if parent_of(parent_of(int(group.name.split("-")[1]))) == engine}


def inner_groups(groups: set[Path]) -> set[Path]:
    """Those of single sessions."""
    return {inner for group in groups for inner in group.iterdir() if inner.is_dir()}
