"""The fork server's start, its end, and what is said when it cannot start."""

from __future__ import annotations

import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox import (
    NamespaceSandbox,
    SandboxSession,
    SandboxSettings,
    open_sandbox,
    probe_level,
    refusals,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder that the sandbox's user may read, which pytest's own is not."""
    tmp_path.chmod(0o755)
    return tmp_path


async def value_of(session: SandboxSession, code: str) -> str | None:
    with anyio.fail_after(20):
        result = await session.run(code, limit_seconds=10, toolkits=())
    assert result.status == "ok", result.error
    return result.value


async def test_probe_finds_the_level_by_doing() -> None:
    report = await probe_level()
    assert (report.level, report.ok, report.reason, report.in_force) == ("namespace", True, "", True)


async def test_hash_seed_is_recorded_and_the_same_in_every_session_of_a_server() -> None:
    hashes = set()
    async with open_sandbox() as sandbox:
        for _ in range(2):
            session = await sandbox.spawn(libraries=False)
            hashes.add(await value_of(session, "import os\nhash('x'), os.environ['PYTHONHASHSEED']"))
            assert session.hash_seed == sandbox.hash_seed
        assert len(hashes) == 1
        assert repr(str(sandbox.hash_seed)) in str(hashes)


async def test_sessions_draw_different_random_numbers() -> None:
    async with open_sandbox() as sandbox:
        drawn = {
            await value_of(await sandbox.spawn(), "import random, uuid\n(random.random(), uuid.uuid4())")
            for _ in range(3)
        }
    assert len(drawn) == 3


async def test_fork_server_that_was_killed_is_replaced_at_the_next_spawn() -> None:
    before = processes_below(os.getpid())
    async with NamespaceSandbox() as sandbox:
        session = await sandbox.spawn(libraries=False)
        (server,) = {pid for pid in processes_below(os.getpid()) - before if parent_of(pid) == os.getpid()}
        await kill_and_wait(server)
        result = await session.run("1", limit_seconds=5, toolkits=())
        assert (result.status, result.names_lost, session.alive) == ("killed", True, False)
        assert await value_of(await sandbox.spawn(libraries=False), "1 + 1") == "2"
    assert processes_below(os.getpid()) == before


async def test_library_folder_can_be_imported_from(library: Path) -> None:
    (library / "greeting.py").write_text("text = 'hello'\n", encoding="utf-8")
    async with open_sandbox(SandboxSettings(library_folder=library)) as sandbox:
        assert await value_of(await sandbox.spawn(), "import greeting; greeting.text") == "hello"


async def test_preloaded_module_that_starts_a_thread_is_refused(library: Path) -> None:
    (library / "busy.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n", encoding="utf-8"
    )
    before = processes_below(os.getpid())
    with pytest.raises(SandboxError, match="SANCA_SANDBOX_PRELOAD"):
        await NamespaceSandbox(SandboxSettings(library_folder=library, preload=("busy",))).start()
    assert processes_below(os.getpid()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandbox runs as another user than the folder's owner")
async def test_library_folder_that_the_sandbox_cannot_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="SANCA_SANDBOX_LIBRARY_FOLDER"):
        await NamespaceSandbox(SandboxSettings(library_folder=tmp_path)).start()


async def test_preloaded_module_that_is_missing_is_named() -> None:
    with pytest.raises(SandboxError, match="no_such_module"):
        await NamespaceSandbox(SandboxSettings(preload=("no_such_module",))).start()


async def test_sandbox_that_is_not_started_or_closed_says_so() -> None:
    sandbox = NamespaceSandbox()
    with pytest.raises(SandboxError, match="not running"):
        await sandbox.spawn()
    await sandbox.start()
    await sandbox.close()
    await sandbox.close()
    with pytest.raises(SandboxError, match="not running"):
        await sandbox.spawn()


async def test_other_systems_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    report = await probe_level()
    assert not report.ok
    assert report.reason.startswith("The sandbox needs Linux;")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "Operation not permitted", "errno": errno.EPERM, "step": "user namespace"}, "Docker"),
        ({"error": "No space left on device", "errno": errno.ENOSPC, "step": "user namespace"}, "namespaces"),
        ({"error": "Function not implemented", "errno": errno.ENOSYS, "step": "mounts"}, "Linux 5.14"),
        ({"error": "Permission denied", "errno": errno.EACCES, "step": "second stage"}, sys.base_prefix),
        ({}, "ImportError: x"),
    ],
)
def test_refusal_of_the_system_says_what_mends_it(answer: dict[str, Any], said: str) -> None:
    assert said in str(refusals.explain_start(answer, "Traceback\nImportError: x"))


def test_ubuntus_restriction_is_named_when_it_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flag").write_text("1\n", encoding="ascii")
    monkeypatch.setattr(refusals, "_APPARMOR", tmp_path / "flag")
    assert "kernel.apparmor_restrict_unprivileged_userns" in refusals.namespace_mend()


@pytest.mark.skipif(
    shutil.which("unshare") is None, reason="needs util-linux to make a namespace with a limit of its own"
)
def test_system_without_user_namespaces_is_refused_with_the_mend() -> None:
    program = (
        "import anyio\nfrom sanca.python_runtime.sandbox import probe_level\n"
        "report = anyio.run(probe_level)\nprint(report.ok, report.reason)"
    )
    limited = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh", sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "SANCA_SANDBOX_LEVEL": "namespace"},
    )
    assert done.stdout.startswith("False The system refuses the sandbox its namespaces: "), done.stderr
    assert "user.max_user_namespaces" in done.stdout


def test_engine_that_is_killed_takes_every_process_of_the_sandbox_along() -> None:
    program = (
        "import anyio\nfrom sanca.python_runtime.sandbox import open_sandbox\n"
        "async def main():\n"
        "    async with open_sandbox() as sandbox:\n"
        "        session = await sandbox.spawn()\n"
        "        await session.run('import os; [os.fork() for _ in range(2)]', limit_seconds=9, toolkits=())\n"
        "        print('ready', flush=True)\n"
        "        await session.run('while True: pass', limit_seconds=60, toolkits=())\n"
        "anyio.run(main)"
    )
    engine = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with engine:
        assert engine.stdout is not None
        assert "ready\n" in iter(engine.stdout.readline, "")
        handles = list(filter(None, map(handle_of, processes_below(engine.pid))))
        engine.kill()
    assert len(handles) >= 5
    waiting = select.poll()
    for handle in handles:
        waiting.register(handle, select.POLLIN)
    deadline = time.monotonic() + 60  # nobody waits as long: each ended process ends the wait for it
    while len(ended := waiting.poll(100)) < len(handles):
        assert time.monotonic() < deadline, f"{len(handles) - len(ended)} processes live on"
    for handle in handles:
        os.close(handle)


def handle_of(pid: int) -> int | None:
    """Return a process's handle; None when it has just ended, as what an action left behind does all the time."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


async def kill_and_wait(pid: int) -> None:
    """Return when the process has ended, which is when the kernel has ended those that die with it."""
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    with anyio.fail_after(10):
        await anyio.wait_readable(handle)
    os.close(handle)


def processes_below(pid: int) -> set[int]:
    """Return the descendants of a process."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8")
            except OSError:
                continue
            parents[int(folder.name)] = int(text.rpartition(")")[2].split()[1])
    found, wave = set[int](), {pid}
    while wave := {child for child, parent in parents.items() if parent in wave}:
        found |= wave
    return found


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
