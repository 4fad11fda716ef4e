"""What no action may get through, in any sandbox. Every probe is denied, limited, killed or harmless."""

from __future__ import annotations

import ast
import os
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.python_runtime.sandbox import ActionResult, Sandbox, SandboxSession, SandboxSettings

pytestmark = pytest.mark.anyio


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    with anyio.fail_after(30):
        return await session.run(code, **{"limit_seconds": 10.0, "toolkits": (), **more})


async def value_of(session: SandboxSession, code: str) -> str | None:
    result = await run(session, code)
    assert result.status == "ok", result.error
    return result.value


# Limits


async def test_memory_is_limited_and_the_session_goes_on(session: SandboxSession) -> None:
    await value_of(session, "kept = 1\nfits = len(bytearray(100 << 20))")
    for hungry in ("bytearray(1 << 30)", "[bytearray(10 << 20) for _ in range(1000)]", "'x' * (1 << 32)"):
        result = await run(session, hungry)
        assert (result.status, result.error_type, result.names_lost) == ("limit", "MemoryError", False)
    assert await value_of(session, "kept") == "1"


async def test_fork_bomb_stops_at_the_limit_and_is_swept(sandbox: Sandbox, session: SandboxSession) -> None:
    code = (
        "import os, time\nforked = 0\n"
        "try:\n"
        "    while True:\n"
        "        if os.fork() == 0:\n            while True: time.sleep(1)\n"
        "        forked += 1\n"
        "except OSError: pass\nforked"
    )
    forked = int(await value_of(session, code) or 0)
    if not sandbox.abilities.child_processes:
        assert forked == 0
        assert (await run(session, "os.fork()")).error_type == "PermissionError"
        return
    assert 1 <= forked <= 16
    running = "[p for p in os.listdir('/proc') if p.isdigit() and ') Z' not in open(f'/proc/{p}/stat').read()]"
    assert await value_of(session, f"len({running})") == "2"
    assert (
        await value_of(session, "os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) if (p := os.fork()) else os._exit(5)")
        == "5"
    )


async def test_forking_faster_than_it_is_swept_ends_with_a_new_guest(session: SandboxSession) -> None:
    code = (
        "import os, signal\n"
        "if os.fork() == 0:\n"
        "    while True:\n"
        "        try:\n            if os.fork(): os._exit(0)\n"
        "        except OSError: pass\n"
    )
    result = await run(session, code)
    assert result.status in {"ok", "error", "killed"}
    assert await value_of(session, "1 + 1") == "2"


async def test_action_that_leaves_no_memory_for_its_answer_ends_as_a_limit(session: SandboxSession) -> None:
    code = (
        "held = []\n"
        "for size in (1 << 16, 64):\n"
        "    try:\n        while True: held.append(bytearray(size))\n"
        "    except MemoryError: pass\n"
        "raise ValueError('x')"
    )
    assert (await run(session, code)).status == "limit"
    assert await value_of(session, "1 + 1") == "2"


async def test_threads_are_limited_too(sandbox: Sandbox, session: SandboxSession) -> None:
    code = (
        "import threading\nstop = threading.Event()\nmade = []\n"
        "try:\n"
        "    for _ in range(2000):\n"
        "        thread = threading.Thread(target=stop.wait); thread.start(); made.append(thread)\n"
        "except RuntimeError as error: print(error)\nstop.set()\n[thread.join() for thread in made]\nlen(made)"
    )
    # Where processes cannot be counted for a session alone, memory bounds its threads.
    most = 16 if sandbox.abilities.child_processes else 400
    result = await run(session, code, limit_seconds=4.0)
    assert result.status in {"timeout", "limit"} or 8 <= int(result.value or 0) <= most
    assert await value_of(session, "1 + 1") == "2"


async def test_files_and_tmp_are_limited(sandbox: Sandbox, session: SandboxSession) -> None:
    result = await run(session, "open('/tmp/big', 'wb').write(bytes(33 << 20))")
    assert result.status == "limit"
    code = "for i in range(100):\n    open(f'/tmp/part{i}', 'wb').write(bytes(4 << 20))"
    assert (await run(session, code)).status == "limit"
    if sandbox.level != "container":  # which bounds the bytes of its /tmp, and time the number of files
        assert (await run(session, "for i in range(100_000): open(f'/tmp/n{i}', 'w').close()")).status == "limit"


async def test_limits_cannot_be_raised_or_moved(session: SandboxSession) -> None:
    code = (
        "import resource\ntold = []\n"
        "for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):\n"
        "    soft, hard = resource.getrlimit(kind)\n"
        "    try: resource.setrlimit(kind, (soft, hard)); told.append('set')\n"
        "    except (OSError, ValueError): told.append('no')\ntold"
    )
    assert await value_of(session, code) == "['no', 'no', 'no', 'no']"


async def test_processor_time_is_limited_while_a_tool_call_hangs(session: SandboxSession) -> None:
    async def waiting_all_the_time() -> float:
        return 1e9

    code = "while True: pass"
    result = await run(session, code, limit_seconds=0.2, waited_seconds=waiting_all_the_time)
    assert result.status == "limit"
    assert "processor" in (result.error or "")
    assert result.seconds < 12  # some three seconds of processor time, at half a core


async def test_endless_output_costs_no_memory_of_ours(session: SandboxSession) -> None:
    result = await run(session, "import os\nwhile True: os.write(1, b'x' * 65536)", limit_seconds=0.5)
    assert result.status == "timeout"
    assert len(result.stdout) < 66_000
    assert result.dropped_chars > 1_000_000


# Files, secrets, network


@pytest.mark.parametrize(
    "path",
    ["/root", "/etc/shadow", "/etc/hostname", "/home", "/proc/1/environ", "/proc/1/mem", "/sys", "/boot"],
)
async def test_files_of_the_host_cannot_be_read(sandbox: Sandbox, session: SandboxSession, path: str) -> None:
    result = await run(
        session, f"import os\nos.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read()"
    )
    if sandbox.level == "container" and path in {"/proc/1/environ", "/sys"}:  # they are the container's own
        assert "SANCA" not in (result.value or "")
        return
    assert result.status == "error"
    assert result.error_type in {"FileNotFoundError", "PermissionError"}


async def test_what_is_shown_is_little_and_cannot_be_changed(sandbox: Sandbox, session: SandboxSession) -> None:
    listing = await run(session, "import os\nsorted(set(os.listdir('/')) - {'lib', 'lib32', 'lib64', 'bin'})")
    if sandbox.level == "landlock":
        assert listing.error_type == "PermissionError"
    else:
        shown = {"dev", "etc", "input", "opt", "output", "proc", "tmp", "usr"}
        assert (
            set(ast.literal_eval(listing.value or "")) - ({"sys"} if sandbox.level == "container" else set()) == shown
        )
        assert await value_of(session, "sorted(os.listdir('/opt/sanca'))") == "['msgpack', 'sanca_sandbox']"
    assert (await run(session, "import structlog")).error_type == "ModuleNotFoundError"  # the engine's own
    for path in (
        "/x",
        "/usr/x",
        "/opt/sanca/sanca_sandbox/guest/x.py",
        "/etc/passwd",
        "/input/x",
        "/output/x",
        "/dev/x",
    ):
        result = await run(session, f"open({path!r}, 'w')")
        assert result.error_type in {"OSError", "PermissionError", "FileNotFoundError"}


async def test_no_secret_of_the_engine_is_in_reach(session: SandboxSession) -> None:
    code = (
        "import ctypes, glob, os, re\nneedle = re.compile(b'sk-sandbox-mus[t]-never|SANCA_TES[T]_SECRET')\nfound = []\n"
        "for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try: found += needle.findall(open(path, 'rb').read())\n"
        "    except OSError: pass\n"
        "searched = 0\n"
        "try: maps = open('/proc/self/maps').readlines()\n"
        "except OSError: maps = []\n"
        "for line in maps:\n"
        "    start, end = (int(part, 16) for part in line.split()[0].split('-'))\n"
        "    if line.split()[1][0] != 'r' or '[v' in line: continue\n"
        "    data = ctypes.string_at(start, min(end - start, 8 << 20))\n"
        "    searched += len(data)\n"
        "    found += needle.findall(data)\n"
        "found, not maps or searched > 10_000_000, 'SANCA' in str(os.environ)"
    )
    assert await value_of(session, code) == "([], True, False)"


async def test_there_is_no_network(session: SandboxSession) -> None:
    for family in ("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"):
        result = await run(session, f"import socket\nsocket.socket(socket.{family}, socket.SOCK_DGRAM)")
        assert (result.status, result.error_type) == ("error", "PermissionError")


async def test_descriptors_of_a_guest_are_its_own(sandbox: Sandbox, session: SandboxSession) -> None:
    code = (
        "import os, stat\nheld = {}\n"
        "for number in range(5000):\n"
        "    try: held[number] = stat.filemode(os.fstat(number).st_mode)[0]\n"
        "    except OSError: pass\nheld"
    )
    held = ast.literal_eval(await value_of(session, code) or "")
    assert {number: kind for number, kind in held.items() if number < 1024} == {0: "c", 1: "p", 2: "p", 3: "s", 4: "s"}
    assert {kind for number, kind in held.items() if number >= 1024} <= {"d"}
    if sandbox.level != "landlock":
        assert len(held) == 5


async def test_user_outside_is_not_the_engines_when_that_is_root(sandbox: Sandbox, tmp_path: Path) -> None:
    session = await sandbox.spawn(output_dir=tmp_path, libraries=False)
    try:
        inside = await value_of(session, "import os\nopen('made', 'w').close()\nos.getuid(), os.geteuid()")
    finally:
        await session.close()
    outside = SandboxSettings().outside_id if os.geteuid() == 0 else os.geteuid()
    assert (tmp_path / "made").stat().st_uid == outside
    assert inside == ("(1000, 1000)" if sandbox.level == "namespace" else f"({outside}, {outside})")


async def test_link_in_output_shows_nothing_of_the_host_inside(sandbox: Sandbox, tmp_path: Path) -> None:
    session = await sandbox.spawn(input_dir=None, output_dir=tmp_path)
    try:
        result = await run(session, "import os\nos.symlink('/etc/shadow', 'link')\nopen('link').read()")
        assert result.error_type in {"FileNotFoundError", "PermissionError"}
        result = await run(session, "os.listdir('..')\nos.listdir('/output/../..')")
        assert "root" not in (result.value or "")
    finally:
        await session.close()


# The kernel


@pytest.mark.parametrize(
    "probe",
    [
        "import os; os.execv('/usr/bin/env', ['env'])",
        "import subprocess; subprocess.run(['/usr/bin/env'])",
        "import os; print(os.system('id'), end=''); raise PermissionError",
        "import os; os.chroot('/tmp')",
        "import os; os.mknod('/tmp/disk', 0o60660, os.makedev(8, 0))",
        "import os; os.setuid(0)",
        "import os; os.nice(-5)",
        "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "import os; os.memfd_create('x')",
        "import os; os.pidfd_open(1)",
        "import os; os.setgroups([0])",
        "import time; time.clock_settime(0, 0.0)",
        "import socket; socket.sethostname('x')",
        "import os; os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)",
    ],
)
async def test_privileged_calls_are_refused(session: SandboxSession, probe: str) -> None:
    result = await run(session, probe)
    assert result.status == "error"
    assert result.error_type in {"PermissionError", "FileNotFoundError", "OSError"}
    assert result.stdout.strip() in {"", "-1", "32256", "32512"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("unshare", "0x10000000"), ("setns", "0, 0"), ("ptrace", "16, 1, 0, 0"),
        ("mount", "b'x', b'/tmp', b'tmpfs', 0, 0"),
        ("umount2", "b'/tmp', 2"), ("personality", "0x0400000"), ("process_vm_readv", "1, 0, 0, 0, 0, 0"),
    ],
)  # fmt: skip
async def test_raw_system_calls_are_refused(session: SandboxSession, name: str, arguments: str) -> None:
    code = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n(libc.{name}({arguments}), ctypes.get_errno())"
    assert await value_of(session, code) == "(-1, 1)"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize(
    ("number", "errno"),
    [(435, 38), (425, 1), (250, 1), (321, 1), (323, 1), (298, 1), (428, 1), (442, 1), (500, 38), (56, 1)],
)
async def test_numbered_system_calls_are_refused(session: SandboxSession, number: int, errno: int) -> None:
    new_user_namespace = 0x10000000 | 17
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"(libc.syscall({number}, ctypes.c_ulong({new_user_namespace}), 0, 0, 0, 0, 0), ctypes.get_errno())"
    )
    assert await value_of(session, code) == f"(-1, {errno})"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86_64's other call tables")
async def test_another_call_table_ends_the_process(session: SandboxSession) -> None:
    result = await run(session, "import ctypes\nctypes.CDLL(None).syscall(0x40000000 | 39)")
    assert (result.status, result.names_lost) == ("killed", True)
    assert "SIGSYS" in (result.error or "")


# Its own process, and forging


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os._exit(0)", "exit code 0"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import sys; sys.setrecursionlimit(200_000)\nf = lambda: f()\nf()", ""),
    ],
)
async def test_action_that_ends_its_process_is_killed_and_the_session_goes_on(
    session: SandboxSession, code: str, told: str
) -> None:
    result = await run(session, code)
    assert result.status in {"killed", "error", "limit"}
    assert result.seconds < 5
    assert told in (result.error or "")
    assert await value_of(session, "1 + 1") == "2"


async def test_first_process_cannot_be_signalled_or_read(sandbox: Sandbox, session: SandboxSession) -> None:
    code = (
        "import os, signal\n"
        "for number in range(1, 65):\n"
        "    for pid in {1, os.getppid()}:\n"
        "        try: number in (32, 33) or os.kill(pid, number)\n"
        "        except PermissionError: pass\n"
        "told = []\n"
        "for name in ('mem', 'environ', 'fd', 'maps', 'root'):\n"
        "    try: os.listdir('/proc/1/' + name) if name in ('fd', 'root') else open('/proc/1/' + name, 'rb').read(1)\n"
        "    except PermissionError: told.append(name)\ntold"
    )
    refused = set(ast.literal_eval(await value_of(session, code) or ""))
    # gVisor shows a container's processes each other's descriptors and environment, which hold nothing of the host.
    assert refused >= ({"mem"} if sandbox.level == "container" else {"mem", "environ", "fd", "maps", "root"})
    assert await value_of(session, "1 + 1") == "2"


async def test_other_processes_are_hidden_or_at_least_out_of_reach(sandbox: Sandbox, session: SandboxSession) -> None:
    listing = await run(session, "import os\nlen([name for name in os.listdir('/proc') if name.isdigit()])")
    if sandbox.abilities.hidden_processes:
        assert int(listing.value or 99) <= 3
        return
    assert listing.error_type == "PermissionError"
    engine = os.getpid()
    for probe in (f"os.kill({engine}, 0)", "os.kill(0, 15)", "os.kill(-1, 15)", f"os.setpriority(0, {engine}, 19)",
                  f"open('/proc/{engine}/environ')", f"os.sched_setaffinity({engine}, {{0}})"):  # fmt: skip
        assert (await run(session, probe)).error_type == "PermissionError"


async def test_answer_nobody_asked_for_is_a_kill(session: SandboxSession) -> None:
    code = (
        "import os, threading, msgpack, time\nkept = 1\n"
        "forged = b'\\0' + msgpack.packb({'value': 'forged', 'value_json': None})\n"
        "def later():\n    go.wait(); time.sleep(0.05); os.write(3, forged); done = True\n"
        "go = threading.Event(); thread = threading.Thread(target=later); thread.start()\ngo.set()"
    )
    await value_of(session, code)
    await anyio.to_thread.run_sync(threading.Event().wait, 0.2)
    result = await run(session, "'true' if 'kept' not in globals() else kept")
    assert (result.value, result.names_lost) == ("true", True)


@pytest.mark.parametrize("forged", [r"b'\7abc'", r"b'\0\xc1'", r"b'\0' + bytes(60000)", r"b'\0\x93\1\2\3'", "b''"])
async def test_malformed_answer_is_a_kill(session: SandboxSession, forged: str) -> None:
    result = await run(session, f"import os\nos.write(3, {forged})\nwhile True: pass")
    assert (result.status, result.names_lost) == ("killed", True)
    assert await value_of(session, "1 + 1") == "2"


@pytest.mark.parametrize("forged", [r"b'\0\x81\1'", r"b'\0\x81\1\2'", r"b'\0\x81\xa5error\1'", r"b'\0\x81\xc7\0\1\1'"])
async def test_answer_that_only_looks_like_one_ends_the_session(session: SandboxSession, forged: str) -> None:
    result = await run(session, f"import os\nos.write(3, {forged})\nwhile True: pass")
    assert (result.status, result.names_lost) == ("killed", True)
    assert not session.alive


async def test_answer_without_end_costs_no_memory_of_ours(session: SandboxSession) -> None:
    code = "import os\nwhile True: os.write(3, b'\\1' + bytes(65536))"
    result = await run(session, code)
    assert result.status == "killed"
    assert await value_of(session, "1 + 1") == "2"


async def test_names_and_classes_that_lie_cost_the_session_nothing(session: SandboxSession) -> None:
    code = (
        "class Name(str):\n    def startswith(self, *_): raise SystemExit(9)\n"
        "    def __eq__(self, _): raise SystemExit(9)\n    __hash__ = lambda self: 7\n"
        "class Kind(type):\n    def __hash__(cls): raise SystemExit(8)\n    def __eq__(cls, _): raise SystemExit(8)\n"
        "class Value(metaclass=Kind): pass\n"
        "kept = [Value()]\nvalue = Value()\nglobals()[Name('other')] = 1"
    )
    assert (await run(session, code)).status == "ok"
    assert await value_of(session, "len(kept)") == "1"


_BEAT = "def beat():\n    while True: time.sleep(0.01); open('/tmp/beat', 'a').write('x')\n"


@pytest.mark.parametrize(
    "left",
    [
        "    os.setsid()\n    if os.fork(): os._exit(0)\n    beat()",
        # Its first thread has ended, so that it looks like a process that has.
        "    threading.Thread(target=beat).start()\n    ctypes.CDLL(None).pthread_exit(None)",
    ],
    ids=["daemon", "headless"],
)
async def test_action_cannot_run_on_after_its_round(session: SandboxSession, left: str) -> None:
    await run(session, f"import ctypes, os, threading, time\n{_BEAT}if os.fork() == 0:\n{left}\ntime.sleep(0.1)")
    size = await value_of(session, "import os\nos.path.getsize('/tmp/beat') if os.path.exists('/tmp/beat') else 0")
    before = time.monotonic()
    assert (
        await value_of(
            session,
            f"import time\ntime.sleep(0.1)\nos.path.exists('/tmp/beat') and os.path.getsize('/tmp/beat') > {size}",
        )
        == "False"
    )
    assert time.monotonic() - before < 5
