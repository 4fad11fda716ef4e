"""The system calls of a guest, in the real sandbox: what reaches too far is refused, what programs use works."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from sanca.python_runtime.sandbox import ActionResult, NamespaceSandbox, SandboxSession

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[NamespaceSandbox]:
    async with NamespaceSandbox() as made:
        yield made


@pytest.fixture
async def session(sandbox: NamespaceSandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str) -> ActionResult:
    with anyio.fail_after(30):
        return await session.run(code, limit_seconds=10.0, toolkits=())


async def value_of(session: SandboxSession, code: str) -> str | None:
    result = await run(session, code)
    assert result.status == "ok", result.error
    return result.value


@pytest.mark.parametrize(
    "probe",
    [
        "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "import socket; socket.socketpair()[0].sendto(b'x', '/tmp/name')",
        "import socket; socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, 26, bytes(16))",
        "import socket; socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)",
        "import os; os.sched_setaffinity(0, {0})",
        "import os; os.setpriority(os.PRIO_USER, 0, 19)",
        "import os; os.setxattr('/tmp', 'user.x', b'x')",
        "import os; os.splice(*os.pipe(), 1)",
        "import fcntl, os; fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
        "import fcntl, os; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, os.getpid())",
        "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
        "import mmap; mmap.mmap(-1, 4096).madvise(12)",
        "import signal, os; signal.pidfd_send_signal(3, 9)",
    ],
)
async def test_arguments_that_reach_too_far_are_refused(session: SandboxSession, probe: str) -> None:
    result = await run(session, probe)
    assert (result.status, result.error_type) == ("error", "PermissionError"), result.error


async def test_guest_cannot_change_what_holds_it(session: SandboxSession) -> None:
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "death_signal, dumpable, subreaper, filter, privileges = 1, 4, 36, 22, 38\n"
        "told = [libc.prctl(option, 0, 0, 0, 0) for option in (death_signal, dumpable, subreaper, filter)]\n"
        "told, libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0)"
    )
    assert await value_of(session, code) == "([-1, -1, -1, -1], 1, 2)"


async def test_ordinary_programs_find_what_they_need(session: SandboxSession) -> None:
    code = (
        "import asyncio, multiprocessing, shutil, sqlite3, tempfile, zipfile, mmap, time\n"
        "from concurrent.futures import ThreadPoolExecutor\nfrom pathlib import Path\n"
        "def square(n): return n * n\n"
        "async def wait(): return await asyncio.gather(asyncio.to_thread(square, 2), asyncio.sleep(0.01, 5))\n"
        "folder = Path(tempfile.mkdtemp())\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: squares = pool.map(square, range(3))\n"
        "with ThreadPoolExecutor(4) as pool: squares += pool.map(square, range(3))\n"
        "database = sqlite3.connect(folder / 'a.sqlite'); database.execute('create table t (a)')\n"
        "database.execute('insert into t values (7)'); database.commit()\n"
        "shutil.copy2(folder / 'a.sqlite', folder / 'b.sqlite'); shutil.make_archive('/tmp/all', 'zip', folder)\n"
        "found = sqlite3.connect(folder / 'b.sqlite').execute('select a from t').fetchall()\n"
        "squares, asyncio.run(wait()), found, sorted(zipfile.ZipFile('/tmp/all.zip').namelist())"
    )
    expected = "([0, 1, 4, 0, 1, 4], [4, 5], [(7,)], ['a.sqlite', 'b.sqlite'])"
    assert await value_of(session, code) == expected
