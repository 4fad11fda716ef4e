"""Many sessions held at a time: what an idle one costs, and that a thousand chats fit."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from functools import partial
from pathlib import Path

import anyio
import pytest
from sanca.python_runtime.held_session import HeldSession, SnapshotBounds
from sanca.python_runtime.sandbox import ActionResult, NamespaceSandbox, SandboxSession, SandboxSettings
from sanca.python_runtime.snapshots import SnapshotFiles

pytestmark = pytest.mark.anyio

IDLE_MEGABYTES = 4.0
CHATS = 1_000
BOUNDS = SnapshotBounds(1 << 20, 10.0, is_generous=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a session's first process")
async def test_an_idle_session_costs_less_than_four_megabytes_of_its_own() -> None:
    async with NamespaceSandbox(SandboxSettings(warm_sessions=0, warm_sessions_most=0)) as sandbox:
        before = descendants()
        sessions = [await sandbox.spawn(libraries=False) for _ in range(8)]
        for session in sessions:
            assert (await session.run("x = 1\nx + 1", limit_seconds=10, toolkits=())).value == "2"
        held = sum(map(private_megabytes, descendants() - before)) / len(sessions)
        assert 0.5 < held < IDLE_MEGABYTES


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_thousand_chats_are_held_asleep_and_each_wakes_with_its_own_names(tmp_path: Path) -> None:
    files = SnapshotFiles(tmp_path / "snapshots", limit_megabytes=1_000)
    before = descendants()
    async with NamespaceSandbox() as sandbox:

        async def nothing() -> None:
            return

        spawn = partial(sandbox_session, sandbox)
        chats = [HeldSession(f"ses_{number}", spawn, nothing, files) for number in range(CHATS)]
        for number, chat in enumerate(chats):
            await chat.run(f"mine = {number}", partial(perform, f"mine = {number}"))
            await chat.sleep(BOUNDS)
        assert not any(chat.is_awake for chat in chats)
        assert len(descendants() - before) < 50
        for number, chat in enumerate(chats):
            result = await chat.run("mine", partial(perform, "mine"))
            assert (result.value, result.lost_names) == (str(number), ())
            await chat.end()


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_thousand_sessions_are_held_awake() -> None:
    async with NamespaceSandbox() as sandbox:
        sessions = []
        for number in range(CHATS):
            sessions.append(await sandbox.spawn(libraries=False))
            await sessions[-1].run(f"mine = {number}", limit_seconds=30, toolkits=())
        for number, session in enumerate(sessions):
            assert (await session.run("mine", limit_seconds=30, toolkits=())).value == str(number)
        async with anyio.create_task_group() as tasks:
            for session in sessions:
                tasks.start_soon(session.close)


async def sandbox_session(sandbox: NamespaceSandbox, libraries: bool) -> SandboxSession:
    return await sandbox.spawn(libraries=libraries)


def perform(code: str, session: SandboxSession) -> Awaitable[ActionResult]:
    return session.run(code, limit_seconds=30, toolkits=())


def descendants() -> set[int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8")
            except OSError:
                continue
            parents[int(folder.name)] = int(text.rpartition(")")[2].split()[1])
    found, wave = set[int](), {os.getpid()}
    while wave := {child for child, parent in parents.items() if parent in wave}:
        found |= wave
    return found


def private_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()[1:]
    fields = dict(line.split(":", 1) for line in lines)
    return sum(int(fields[name].split()[0]) for name in ("Private_Dirty", "Private_Clean")) / 1024
