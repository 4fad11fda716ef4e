"""Thousands of fresh sessions from many engine threads leave nothing behind; counted before and after."""

from __future__ import annotations

import ctypes
import gc
import os
import tempfile
import threading
from pathlib import Path

import anyio
import pytest
from sanca.python_runtime.sandbox import NamespaceSandbox, SandboxSettings

pytestmark = pytest.mark.anyio

THREADS = 24
GROWTH_MEGABYTES = 12
"""What the engine's memory may differ by; a session's own objects are some 20 KB, so 10,000 kept would be 200 MB."""
ACTIONS = (
    "1 + 1",
    "print('out' * 100)\nopen('/tmp/file', 'w').write('x' * 10_000)",
    "import os, time\nif os.fork() == 0:\n    time.sleep(600)",
    "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
    "raise ValueError('no')",
    "import os\nos._exit(3)",
    "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "held = [open('/dev/null') for _ in range(20)]",
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(400)  # 45 s where nothing else runs
async def test_a_thousand_fresh_runs_from_many_threads_leave_nothing_behind() -> None:
    await soak(1_000)


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_ten_thousand_fresh_runs_from_many_threads_leave_nothing_behind() -> None:
    await soak(10_000)


async def soak(runs: int) -> None:
    """Run, and compare what there is before with what there is after, and memory at a fifth with memory at the end."""
    await anyio.to_thread.run_sync(gc.collect)  # its thread stays for the next one
    before = left_behind()
    async with NamespaceSandbox(SandboxSettings(warm_sessions=2, server_sessions=max(100, runs // 8))) as sandbox:
        await in_threads(sandbox, runs // 5)
        after_a_fifth = own_megabytes()
        await in_threads(sandbox, runs - runs // 5)
        after_all = own_megabytes()
    assert left_behind() == before
    assert after_all - after_a_fifth < GROWTH_MEGABYTES


async def in_threads(sandbox: NamespaceSandbox, runs: int) -> None:
    def engine_thread() -> None:
        try:
            anyio.run(run_many)
        except BaseException as error:
            failures.append(error)

    async def run_many() -> None:
        while (number := take_number()) is not None:
            session = await sandbox.spawn(libraries=False)
            result = await session.run(ACTIONS[number % len(ACTIONS)], limit_seconds=30, toolkits=())
            await session.close()
            statuses.append((number, result.status))

    def take_number() -> int | None:
        with lock:
            return next(numbers, None)

    numbers, lock = iter(range(runs)), threading.Lock()
    failures: list[BaseException] = []
    statuses: list[tuple[int, str]] = []
    threads = [threading.Thread(target=engine_thread) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await anyio.to_thread.run_sync(thread.join)
    assert failures == []
    expected = ["ok", "ok", "ok", "ok", "error", "killed", "ok", "ok"]
    assert [one for one in sorted(statuses) if one[1] != expected[one[0] % len(ACTIONS)]] == []
    assert len(statuses) == runs


def left_behind() -> dict[str, object]:
    """Return everything that a session could leave outside itself."""
    gc.collect()
    return {
        "processes": processes_below(os.getpid()),
        "threads": threading.active_count(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "mounts": len(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()),
        "namespaces": len(namespaces()),
        "groups": abandoned_groups(),
        "files": sorted(Path(tempfile.gettempdir()).iterdir()),
    }


def processes_below(pid: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(
                    folder.joinpath("stat").read_text("utf-8").rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found, wave = set[int](), {pid}
    while wave := {child for child, parent in parents.items() if parent in wave}:
        found |= wave
    return sorted(found)


def namespaces() -> set[str]:
    """Return the mount and network namespaces of our processes."""
    found = set()
    for pid in (os.getpid(), *processes_below(os.getpid())):
        for kind in ("mnt", "net", "pid", "user"):
            try:
                found.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
            except OSError:
                continue
    return found


def abandoned_groups() -> list[str]:
    """Return the control groups of fork servers that are gone; those of other engines that live are not ours."""
    groups = Path("/sys/fs/cgroup").glob("*/sanca-*-*")
    return sorted(str(path) for path in groups if not Path("/proc", path.name.split("-")[1]).exists())


def own_megabytes() -> float:
    """Return this process's private memory, after what is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    fields = dict(line.split(":", 1) for line in Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()[1:])
    return sum(int(fields[name].split()[0]) for name in ("Private_Dirty", "Private_Clean")) / 1024
