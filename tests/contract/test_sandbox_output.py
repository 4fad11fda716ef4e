"""/output holds what it may and little more, whoever writes, and however: with the kernel's limit of a file only."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.python_runtime.sandbox import ActionResult, SandboxSession, SandboxSettings
from sanca.python_runtime.sandbox.namespace import NamespaceSandbox

pytestmark = pytest.mark.anyio

MOST_MEGABYTES = 48
MARGIN_MEGABYTES = 192
"""What was on its way when it was seen that the folder is full; of a fast disk and processors, not of the limit."""
FOREVER = """
import mmap, os, socket, threading
piece = bytes(16 << 20)
def crowd(): any(os.fork() == 0 for _ in range(12))
def new(hidden=False):
    path = f"/output/{os.getpid()}-{os.urandom(4).hex()}"
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    if hidden: os.unlink(path)
    return file
def forever(write):
    while True:
        try: write()
        except BaseException: pass
"""
WRITERS = {
    "processes": "crowd()\nforever(lambda: os.write(new(), piece))",
    "threads": (
        "for _ in range(12): threading.Thread(target=forever, args=(lambda: os.write(new(), piece),)).start()\n"
        "forever(lambda: None)"
    ),
    "sparse": (
        "def write():\n    file = new()\n    os.ftruncate(file, 16 << 20)\n"
        "    mmap.mmap(file, 16 << 20).write(piece)\n    os.close(file)\nforever(write)"
    ),
    "links": (
        "def write():\n    file = new()\n    os.write(file, piece)\n    name = os.readlink(f'/proc/self/fd/{file}')\n"
        "    os.makedirs(name + '.d')\n    os.link(name, name + '.d/link')\n    os.rename(name, name + '.d/moved')\n"
        "    os.close(file)\nforever(write)"
    ),
    "deleted": "held = []\ndef write():\n    held.append(new(True))\n    os.write(held[-1], piece)\nforever(write)",
    "deleted and mapped": (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "def write():\n    file = new(True)\n    os.write(file, piece)\n    libc.mmap(None, 4096, 1, 1, file, 0)\n"
        "    os.close(file)\nforever(write)"
    ),
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[NamespaceSandbox]:
    async with NamespaceSandbox(SandboxSettings(output_folder_megabytes=MOST_MEGABYTES, warm_sessions=0)) as made:
        yield made


@pytest.fixture
async def session(sandbox: NamespaceSandbox, tmp_path: Path) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(output_dir=tmp_path, libraries=False)
    yield made
    await made.close()


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    with anyio.fail_after(40):
        return await session.run(code, **{"limit_seconds": 15.0, "toolkits": (), **more})


@pytest.mark.parametrize("name", WRITERS)
async def test_nobody_writes_much_more_than_there_may_be(session: SandboxSession, tmp_path: Path, name: str) -> None:
    result = await run(session, FOREVER + WRITERS[name])
    assert (result.status, result.error_type) == ("limit", "LimitExceededError"), result.error
    assert held_megabytes(tmp_path) <= MOST_MEGABYTES + MARGIN_MEGABYTES


async def test_honest_action_is_interrupted_keeps_its_names_and_may_delete_and_write_again(
    session: SandboxSession,
) -> None:
    await run(session, "kept = 1")
    result = await run(session, "for n in range(40): open(f'{n}', 'wb').write(bytes(2 << 20))")
    assert result.status == "limit"
    assert f"more than {MOST_MEGABYTES} MB" in (result.error or "")
    result = await run(session, "import os\n[os.remove(name) for name in os.listdir() if name != '0']\nkept")
    assert (result.status, result.value) == ("ok", "1"), result.error
    assert (await run(session, "open('more', 'wb').write(bytes(20 << 20))")).status == "ok"


async def test_descriptor_cannot_be_hidden_on_its_way(session: SandboxSession) -> None:
    result = await run(session, "import socket\na, b = socket.socketpair()\nsocket.send_fds(a, [b'x'], [0])")
    assert result.error_type == "PermissionError"


def held_megabytes(folder: Path) -> int:
    """What is there, each file once however many names it has."""
    held = {}
    for where, _, names in os.walk(folder):
        for name in names:
            status = (Path(where) / name).lstat()
            held[status.st_ino] = status.st_blocks * 512
    return sum(held.values()) >> 20
