"""What is particular to the level `landlock`: names for folders, and what Landlock itself does not look at."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sanca.python_runtime.sandbox import SandboxSession, SandboxSettings
from sanca.python_runtime.sandbox.fork_server.landlock_filter import build_childless_filter, build_landlock_filter
from sanca.python_runtime.sandbox.landlock import LandlockSandbox
from sanca.python_runtime.sandbox.own_folders import remove_left_overs

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[LandlockSandbox]:
    async with LandlockSandbox(SandboxSettings(tmp_megabytes=4)) as made:
        yield made


@pytest.fixture
async def session(sandbox: LandlockSandbox) -> AsyncIterator[SandboxSession]:
    made = await sandbox.spawn(libraries=False)
    yield made
    await made.close()


async def value_of(session: SandboxSession, code: str) -> str | None:
    result = await session.run(code, limit_seconds=10, toolkits=())
    assert result.status == "ok", result.error
    return result.value


async def test_python_functions_find_tmp_under_its_name(session: SandboxSession) -> None:
    code = (
        "import glob, os, pathlib, shutil, tempfile, zipfile\n"
        "os.makedirs('/tmp/a/b')\n"
        "pathlib.Path('/tmp/a/b/one.txt').write_text('1')\n"
        "shutil.copy2('/tmp/a/b/one.txt', '/tmp/a/two.txt')\n"
        "os.utime('/tmp/a/two.txt', (10**9, 10**9)); os.chmod('/tmp/a/two.txt', 0o600)\n"
        "with zipfile.ZipFile('/tmp/a.zip', 'w') as z: z.write('/tmp/a/two.txt', 'two.txt')\n"
        "with tempfile.NamedTemporaryFile('w') as f: named = f.name\n"
        "found = sorted(glob.glob('/tmp/a/**/*.txt', recursive=True))\n"
        "times = os.stat('/tmp/a/two.txt').st_mtime, oct(os.stat('/tmp/a/two.txt').st_mode)\n"
        "shutil.rmtree('/tmp/a')\n"
        "(found, times, os.path.dirname(named), os.getcwd(), os.path.realpath('/tmp/a.zip'), os.path.exists('/tmp/a'))"
    )
    assert await value_of(session, code) == (
        "(['/tmp/a/b/one.txt', '/tmp/a/two.txt'], (1000000000.0, '0o100600'), '/tmp', '/tmp', '/tmp/a.zip', False)"
    )


async def test_library_names_its_files_by_the_descriptor_for_the_real_folder_may_be_closed_or_below_tmp(
    sandbox: LandlockSandbox,
) -> None:
    session = await sandbox.spawn(libraries=True)
    code = (
        "import os, matplotlib.font_manager as fonts, matplotlib.pyplot as plot\n"
        "found = fonts.findfont('DejaVu Sans')\n"
        "plot.title('one')\nplot.savefig('/tmp/one.png')\n"
        "found.startswith('/proc/self/fd/') and os.path.getsize('/tmp/one.png') > 1000"
    )
    assert await value_of(session, code) == "True"
    await session.close()


async def test_error_names_the_file_as_the_action_does(session: SandboxSession) -> None:
    result = await session.run("open('/tmp/nothing')", limit_seconds=10, toolkits=())
    assert (result.error or "").endswith("No such file or directory: '/tmp/nothing'")


def our_folders() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"sanca-sandbox-{os.getpid()}-*")}


async def test_tmp_is_the_sessions_own_and_gone_after_it(sandbox: LandlockSandbox) -> None:
    before = our_folders()
    one, other = await sandbox.spawn(libraries=False), await sandbox.spawn(libraries=False)
    assert len(our_folders() - before) == 2
    await value_of(one, "open('/tmp/mine', 'w').write('1')")
    assert await value_of(other, "import os\nos.path.exists('/tmp/mine')") == "False"
    await one.close()
    await other.close()
    assert our_folders() <= before


def test_folders_of_dead_engines_are_deleted_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = max(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()) + 100_000
    for name in (f"sanca-sandbox-{dead}-a", f"sanca-container-{dead}-b", f"sanca-sandbox-{os.getpid()}-c", "mine"):
        (tmp_path / name / "deep").mkdir(parents=True)
    (tmp_path / f"sanca-sandbox-{dead}-link").symlink_to(tmp_path / "mine")
    remove_left_overs(65533)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"sanca-sandbox-{os.getpid()}-c", "mine", f"sanca-sandbox-{dead}-link",
    }  # fmt: skip
    assert (tmp_path / "mine" / "deep").is_dir()


async def test_more_in_tmp_than_allowed_is_a_limit(session: SandboxSession) -> None:
    code = "import time\nfor i in range(100):\n    open(f'/tmp/{i}', 'wb').write(bytes(1 << 20)); time.sleep(0.02)"
    result = await session.run(code, limit_seconds=10, toolkits=())
    assert (result.status, result.error_type) == ("limit", "LimitExceededError")
    assert "/tmp holds more than 4 MB" in (result.error or "")


@pytest.fixture
def everybodys_folder() -> Iterator[Path]:
    """A folder that every user may change, outside /tmp, which the sandbox knows another one as."""
    folder = Path(tempfile.mkdtemp(prefix="sanca-everybodys-", dir="/var/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def everybodys_file(everybodys_folder: Path) -> Path:
    file = everybodys_folder / "file"
    file.write_text("as it was", encoding="utf-8")
    file.chmod(0o666)
    return file


def state_of(file: Path) -> tuple[object, ...]:
    """Return all that an action could change about a file."""
    found = file.stat()
    names = sorted(path.name for path in file.parent.iterdir())
    return file.read_text(encoding="utf-8"), found.st_mode, found.st_mtime_ns, found.st_uid, found.st_nlink, names


@pytest.mark.parametrize(
    "attempt",
    [
        "open(@, 'r').read()", "open(@, 'w').write('x')", "os.truncate(@, 0)", "os.unlink(@)", "os.rename(@, @ + '2')",
        "os.link(@, '/tmp/link')", "os.chmod(@, 0o777)", "os.utime(@, (1, 1))", "os.chown(@, os.getuid(), -1)",
        "os.setxattr(@, 'user.x', b'1')", "os.mkdir(@ + '.d')", "os.symlink('/tmp', @ + '.l')",
        "os.listdir(os.path.dirname(@))", "libc.chmod(@.encode(), 0o777) and check()",
        "libc.utimes(@.encode(), None) and check()", "libc.truncate(@.encode(), 0) and check()",
        "libc.lsetxattr(@.encode(), b'user.x', b'1', 1, 0) and check()",
        "libc.rename(@.encode(), b'/var/tmp/y') and check()",
    ],
)  # fmt: skip
async def test_file_that_everybody_may_change_is_out_of_reach(
    session: SandboxSession, everybodys_file: Path, attempt: str
) -> None:
    before = state_of(everybodys_file)
    setup = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def check(): raise OSError(ctypes.get_errno(), 'refused')\n"
    )
    result = await session.run(setup + attempt.replace("@", repr(str(everybodys_file))), limit_seconds=10, toolkits=())
    assert result.error_type in {"PermissionError", "OSError"}, result
    assert state_of(everybodys_file) == before


async def test_socket_with_a_name_cannot_be_written_to(session: SandboxSession, everybodys_folder: Path) -> None:
    addresses = (str(everybodys_folder / "log"), f"\0sanca-test-{os.getpid()}")
    with ExitStack() as open_ends:
        for address in addresses:
            end = open_ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK))
            end.bind(address)
            for kind in ("SOCK_DGRAM", "SOCK_STREAM", "SOCK_SEQPACKET"):
                pair = f"import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.{kind})\n"
                await session.run(f"{pair}a.sendto(b'x', {address!r})", limit_seconds=5, toolkits=())
            with pytest.raises(BlockingIOError):
                end.recv(10)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filters_can_be_built_for_every_machine(machine: str) -> None:
    for build in (build_landlock_filter, build_childless_filter):
        program, instructions = build(machine, 4711)
        assert len(program) == 8 * instructions < 8 * 4096
