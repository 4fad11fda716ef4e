"""What every `Sandbox` must do for its caller; run against each. Hostile actions are in test_sandbox_walls.py."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.errors import SandboxError
from sanca.python_runtime.broker import frames
from sanca.python_runtime.sandbox import ActionResult, Sandbox, SandboxSession, SandboxSettings
from sandbox_levels import LEVELS

pytestmark = pytest.mark.anyio
EVERY_LEVEL = True

LIMIT = 10.0
DESCRIBED = {
    "toolkits": [
        {
            "name": "system", "description": "The fleet.", "tools": [{
                "name": "logs", "description": "Return log lines, newest last.", "effect": "READ",
                "input_schema": {
                    "type": "object", "required": ["service"],
                    "properties": {
                        "service": {"type": "string", "description": "Which service."},
                        "limit": {"type": "integer", "default": 200},
                    },
                },
            }],
        },
        {"name": "mcp.runbooks", "description": "Runbooks.", "tools": [{"name": "search", "input_schema": {}}]},
    ]
}  # fmt: skip


@pytest.fixture
async def broker(session: SandboxSession) -> AsyncIterator[Broker]:
    made = Broker(session.tool_socket)
    yield made
    made.close()


class Broker:
    """The other end of the tool channel: a thread that answers the frames, as the broker does."""

    def __init__(self, connected: socket.socket) -> None:
        self.calls: list[dict[str, Any]] = []
        self.release = threading.Event()
        self.called = threading.Event()
        self._since: float | None = None
        self._waited = 0.0
        self._socket = socket.socket(fileno=os.dup(connected.fileno()))
        connected.close()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    async def waited_seconds(self) -> float:
        return self._waited + (time.monotonic() - self._since if self._since else 0.0)

    def close(self) -> None:
        self.release.set()
        self.hang_up()
        self._thread.join(5)
        self._socket.close()

    def hang_up(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _serve(self) -> None:
        while (call := frames.receive(self._socket)) is not None:
            self.calls.append(call)
            self.called.set()
            self._since = time.monotonic()
            answer = self._answer(call)
            self._waited, self._since = self._waited + time.monotonic() - self._since, None
            try:
                frames.send(self._socket, {"n": call["n"], **answer})
            except OSError:
                return

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        match f"{call['t']}.{call['f']}":
            case "sanca.describe":
                return {"ok": True, "v": DESCRIBED}
            case "system.echo":
                return {"ok": True, "v": {"positional": call["a"], "named": call["k"]}}
            case "system.wait":
                self.release.wait(call["a"][0])
                return {"ok": True, "v": "waited"}
            case "system.fail":
                return {"ok": False, "e": call["k"]}
            case _:
                return {"ok": True, "v": None}


def fork_code(sandbox: Sandbox, count: int) -> str:
    """Return code that leaves child processes behind, or at least tries to."""
    fork = f"for _ in range({count}):\n        if os.fork() == 0: time.sleep(600)"
    refusal = "pass" if not sandbox.abilities.child_processes else "raise"
    return f"import os, time\ntry:\n    {fork}\nexcept (OSError, AttributeError): {refusal}\n"


async def run(session: SandboxSession, code: str, **more: Any) -> ActionResult:
    """Run an action that is expected to end by itself in time."""
    with anyio.fail_after(30):
        return await session.run(code, **{"limit_seconds": LIMIT, "toolkits": ("system", "mcp.runbooks"), **more})


async def value_of(session: SandboxSession, code: str, **more: Any) -> str | None:
    """Run an action that must end well, and return its value."""
    result = await run(session, code, **more)
    assert result.status == "ok", result.error
    return result.value


async def wait_for(event: threading.Event) -> None:
    assert await anyio.to_thread.run_sync(event.wait, 10)


def stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def start_time(pid: int) -> str:
    return stat(pid)[19]


def parents() -> dict[int, int]:
    """Return every process's parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = int(stat(int(folder.name))[1])
            except OSError:
                continue
    return found


def children() -> set[int]:
    return {pid for pid, parent in parents().items() if parent == os.getpid()}


def descendants(of: int | None = None) -> set[tuple[int, str]]:
    """Return every process below one (ours by default) as (pid, start time)."""
    known, found, wave = parents(), set[int](), {of or os.getpid()}
    while wave := {pid for pid, parent in known.items() if parent in wave}:
        found |= wave
    return {(pid, start_time(pid)) for pid in found if is_running(pid)}


def is_running(pid: int, started: str | None = None) -> bool:
    try:
        fields = stat(pid)
    except OSError:
        return False
    return fields[0] not in "ZX" and started in {None, fields[19]}


# Values, output, errors


async def test_names_live_on_between_rounds(session: SandboxSession) -> None:
    await value_of(session, "import json\ndef double(x): return 2 * x\nnumber = 21")
    assert await value_of(session, "json.dumps(double(number))") == "42"


async def test_text_is_its_own_value_and_other_values_are_their_repr(session: SandboxSession) -> None:
    assert await value_of(session, "'two\\nlines 中文'") == "two\nlines 中文"
    assert await value_of(session, "{1: {2, }}") == "{1: {2}}"
    assert await value_of(session, "x = 3") is None
    assert await value_of(session, "None") is None


async def test_final_answer_is_told_of_an_action_that_ended_well_and_of_no_other(session: SandboxSession) -> None:
    said = await run(session, "if 6 * 7 == 42:\n    final_answer(f'It is {6 * 7}.')\n6 * 7")
    assert (said.status, said.final_answer, said.value) == ("ok", "It is 42.", "42")
    assert (await run(session, "6 * 7")).final_answer is None
    broken = await run(session, "final_answer('It is done.')\n1 / 0")
    assert (broken.status, broken.final_answer) == ("error", None)


async def test_json_like_value_is_given_as_json_too(session: SandboxSession) -> None:
    assert (await run(session, "{'a': [1, 2.5, None, '中']}")).value_json == '{"a": [1, 2.5, null, "中"]}'
    assert (await run(session, "{1, 2}")).value_json is None
    assert (await run(session, "float('nan')")).value_json is None
    assert (await run(session, "'x' * 70_000")).value_json is None


async def test_output_of_both_streams_is_kept(session: SandboxSession) -> None:
    result = await run(
        session, "import sys\nprint('out 中')\nprint('err', file=sys.stderr)\nprint('no newline', end='')"
    )
    assert result.stdout == "out 中\nerr\nno newline"


async def test_error_shows_the_actions_own_lines_and_the_session_goes_on(session: SandboxSession) -> None:
    await value_of(session, "import json\ndef parse(text):\n    return json.loads(text)\nkept = 1")
    result = await run(session, "first = 1\nparse('{')")
    assert (result.status, result.error_type, result.names_lost) == ("error", "JSONDecodeError", False)
    assert result.error is not None
    assert result.error.splitlines()[:5] == [
        "Traceback (most recent call last):",
        '  File "action", line 2, in <module>',
        "    parse('{')",
        '  File "action", line 3, in parse',
        "    return json.loads(text)",
    ]
    assert "decoder.py" not in result.error
    assert await value_of(session, "kept + first") == "2"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("def (", "SyntaxError"), ("raise SystemExit", "SystemExit"), ("raise BaseException", "BaseException")],
)
async def test_whatever_an_action_raises_is_an_error(session: SandboxSession, code: str, kind: str) -> None:
    result = await run(session, code)
    assert (result.status, result.error_type) == ("error", kind)


@pytest.mark.full_python
async def test_exception_that_cannot_be_printed_is_still_named(session: SandboxSession) -> None:
    code = "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd"
    result = await run(session, code)
    assert (result.status, result.error_type) == ("error", "Odd")


async def test_too_much_output_loses_its_middle_and_says_how_much(session: SandboxSession) -> None:
    result = await run(session, "print('begin'); print('x' * 1_000_000); print('end')")
    assert result.status == "ok"
    assert len(result.stdout) < 66_000
    assert result.stdout.startswith("begin\n")
    assert result.stdout.endswith("x\nend\n")
    assert result.dropped_chars == 1_000_011 - 65_536
    assert f"{result.dropped_chars:,} characters left out" in result.stdout


async def test_action_of_more_than_a_megabyte_is_refused(session: SandboxSession) -> None:
    result = await run(session, "#" * (1 << 20) + "#")
    assert result.status == "refused"
    assert "1,048,576" in (result.error or "")
    assert await value_of(session, "1") == "1"


@pytest.mark.full_python
async def test_broken_text_in_code_is_refused_and_in_a_value_replaced(session: SandboxSession) -> None:
    assert (await run(session, "'\ud800'")).status == "refused"
    assert (await run(session, "chr(0xD800)")).status == "ok"


# Time


async def test_action_over_its_time_is_interrupted_and_keeps_names(session: SandboxSession) -> None:
    await value_of(session, "kept = 7")
    result = await run(session, "print('begun')\nwhile True: pass", limit_seconds=0.3)
    assert (result.status, result.error_type, result.names_lost) == ("timeout", "ActionTimeoutError", False)
    assert result.stdout == "begun\n"
    assert 0.3 <= result.seconds < 0.6
    assert (result.error or "").endswith("The action used up its 0.3 seconds.")
    assert await value_of(session, "kept") == "7"


@pytest.mark.full_python
async def test_action_that_ignores_interrupts_is_killed_and_loses_names(session: SandboxSession) -> None:
    await value_of(session, "kept = 7")
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    result = await run(session, code, limit_seconds=0.3)
    assert (result.status, result.names_lost) == ("timeout", True)
    assert 0.6 <= result.seconds < 1.0
    assert (await run(session, "kept")).error_type == "NameError"


async def test_waiting_for_a_tool_does_not_count(session: SandboxSession, broker: Broker) -> None:
    result = await run(session, "system.wait(0.6)", limit_seconds=0.3, waited_seconds=broker.waited_seconds)
    assert (result.status, result.value) == ("ok", "waited")
    assert result.waited_seconds >= 0.3


async def test_own_time_before_and_after_a_wait_does_count(session: SandboxSession, broker: Broker) -> None:
    code = "import time\nsystem.wait(0.4)\nwhile True: time.sleep(0.01)"
    result = await run(session, code, limit_seconds=0.3, waited_seconds=broker.waited_seconds)
    assert result.status == "timeout"
    assert 0.65 <= result.seconds < 1.1


async def test_action_interrupted_in_a_call_can_call_again_in_the_next_round(
    session: SandboxSession, broker: Broker
) -> None:
    assert (await run(session, "system.wait(20)", limit_seconds=0.2)).status == "timeout"
    broker.release.set()
    assert await value_of(session, "system.echo(1)['positional']") == "[1]"


# Interrupt, cancel, close


async def test_interrupt_ends_the_action_with_status_killed(session: SandboxSession, broker: Broker) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_interrupt_when_called, session, broker)
        await value_of(session, "kept = 1")
        result = await run(session, "system.wait(20)")
    assert (result.status, result.names_lost) == ("killed", False)
    assert await value_of(session, "kept") == "1"


@pytest.mark.full_python
async def test_interrupt_keeps_what_the_action_itself_bound_before(session: SandboxSession, broker: Broker) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_interrupt_when_called, session, broker)
        await run(session, "kept = 1\nsystem.wait(20)")
    assert await value_of(session, "kept") == "1"


async def _interrupt_when_called(session: SandboxSession, broker: Broker) -> None:
    await wait_for(broker.called)
    await session.interrupt()


@pytest.mark.parametrize(
    ("before", "loop", "names_live"),
    [
        ("", "while True: pass", True),
        ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)", "while True: pass", False),
        ("import time", "time.sleep(60)", True),
        ("", "sum(range(10 ** 12))", None),  # an interrupt reaches it only before it begins
    ],
)
async def test_cancelled_action_ends_at_once(
    sandbox: Sandbox, session: SandboxSession, broker: Broker, before: str, loop: str, names_live: bool | None
) -> None:
    if "signal" in before and not sandbox.abilities.full_python:
        assert (await run(session, before)).error_type == "ModuleNotFoundError"
        return
    await value_of(session, "kept = 5")
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(session_run_forever, session, f"{before}\nsay('begun')\n{loop}")
            await wait_for(broker.called)
            cancelled_at = time.monotonic()
            scope.cancel()
    assert time.monotonic() - cancelled_at < 1.0  # 0.2 s are promised and measured; this machine may be busy
    assert session.alive
    after = await run(session, "kept")
    assert names_live is None or after.value == ("5" if names_live else None)


async def session_run_forever(session: SandboxSession, code: str) -> None:
    await session.run(code, limit_seconds=60, toolkits=("system",))


async def test_second_action_at_the_same_time_is_an_error(session: SandboxSession, broker: Broker) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session_run_forever, session, "system.wait(20)")
        await wait_for(broker.called)
        with pytest.raises(SandboxError, match="already"):
            await run(session, "1")
        broker.release.set()


async def test_closed_session_runs_nothing_and_leaves_no_process(sandbox: Sandbox) -> None:
    before = descendants()
    session = await sandbox.spawn(libraries=False)
    await value_of(session, fork_code(sandbox, 3) + "kept = 1")
    its_own = descendants() - before
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session_run_forever, session, "import time; time.sleep(60)")
        await anyio.wait_all_tasks_blocked()
        await session.close()
        await session.close()
    assert not session.alive
    with pytest.raises(SandboxError, match="ended"):
        await run(session, "1")
    left = [pid for pid, started in its_own if is_running(pid, started)]
    assert len(left) <= 2, "only the session made ahead of need"


async def test_closed_sandbox_leaves_no_process(sandbox: Sandbox, tmp_path: Path) -> None:
    before = children()
    other = LEVELS[sandbox.level](SandboxSettings())
    await other.start()
    session = await other.spawn(input_dir=tmp_path if sandbox.abilities.files else None)
    await value_of(session, fork_code(sandbox, 2) + "kept = 1")
    servers = children() - before
    own = {one for server in servers for one in (*descendants(server), (server, start_time(server)))}
    assert own
    await other.close()
    if sandbox.level == "monty":  # its library has killed its workers by now, and buries them a moment later
        with anyio.move_on_after(2):
            while any(is_running(pid, started) for pid, started in own):  # noqa: ASYNC110 - nobody tells us
                await anyio.sleep(0.01)
    assert not [pid for pid, started in own if is_running(pid, started)]


async def test_eight_sessions_at_once_do_not_cross(sandbox: Sandbox) -> None:
    async def live(number: int) -> None:
        session = await sandbox.spawn(input_dir=None, output_dir=None)
        broker = Broker(session.tool_socket)
        try:
            await value_of(session, f"mine = {number}")
            for round_number in range(5):
                code = f"system.echo(mine, {round_number})['positional'] + [mine]"
                assert await value_of(session, code) == f"[{number}, {round_number}, {number}]"
            await value_of(session, "open('/tmp/mine', 'w').write(str(mine))")
        finally:
            broker.close()
            await session.close()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(live, number)


# Files


async def test_input_is_readable_and_output_comes_out(sandbox: Sandbox, tmp_path: Path) -> None:
    given, made = tmp_path / "given", tmp_path / "made"
    given.mkdir()
    made.mkdir()
    (given / "data.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    session = await sandbox.spawn(input_dir=given, output_dir=made)
    try:
        assert await value_of(session, "open('/input/data.csv').read()") == "a,b\n1,2\n"
        assert (await run(session, "open('/input/new', 'w')")).error_type in {"OSError", "PermissionError"}
        await value_of(session, "open('report.txt', 'w').write('done')")
        assert (made / "report.txt").read_text(encoding="utf-8") == "done"
        (given / "later.txt").write_text("later", encoding="utf-8")
        assert await value_of(session, "open('/input/later.txt').read()") == "later"
    finally:
        await session.close()


async def test_action_without_folders_starts_in_its_own_tmp(session: SandboxSession) -> None:
    assert await value_of(session, "import os; os.getcwd()") == "/tmp"
    result = await run(session, "os.listdir('/input') + os.listdir('/output')")
    assert result.value == "[]" or result.error_type in {"FileNotFoundError", "PermissionError"}


async def test_folder_that_does_not_exist_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="missing"):
        await sandbox.spawn(input_dir=tmp_path / "missing", output_dir=None)


async def test_full_output_folder_is_a_limit_and_can_be_emptied(sandbox: Sandbox, tmp_path: Path) -> None:
    session = await sandbox.spawn(input_dir=None, output_dir=tmp_path)
    try:
        result = await run(session, "_ = open('big', 'wb').write(bytes(9 << 20))")
        assert (result.status, result.error_type) == ("limit", "LimitExceededError")
        assert await value_of(session, "import os\nos.remove('big')") is None
    finally:
        await session.close()


# Tools


@pytest.mark.full_python
async def test_tool_call_carries_arguments_and_returns_records(session: SandboxSession, broker: Broker) -> None:
    code = "answer = system.echo('a', 2, since=None, tags={'x': [1.5, True]})\n(answer.positional, answer.named.tags.x)"
    assert await value_of(session, code) == "(['a', 2], [1.5, True])"
    assert await value_of(session, "type(answer.named).__name__, isinstance(answer, dict)") == "('Record', True)"
    assert broker.calls[0] == {
        "n": 1, "t": "system", "f": "echo", "a": ["a", 2], "k": {"since": None, "tags": {"x": [1.5, True]}},
    }  # fmt: skip


async def test_call_numbers_rise_over_rounds(session: SandboxSession, broker: Broker) -> None:
    await value_of(session, "system.echo(); system.echo()")
    await value_of(session, "mcp.runbooks.search('disk')")
    assert [(call["n"], call["t"], call["f"]) for call in broker.calls] == [
        (1, "system", "echo"), (2, "system", "echo"), (3, "mcp.runbooks", "search"),
    ]  # fmt: skip


async def test_values_without_a_plain_form_are_converted_or_refused(
    sandbox: Sandbox, session: SandboxSession, broker: Broker
) -> None:
    code = (
        "import datetime, decimal, dataclasses\n"
        "@dataclasses.dataclass\nclass Point:\n    x: int\n"
        "system.echo(datetime.date(2026, 1, 2), decimal.Decimal('1.50'), b'ab', {3}, Point(4), {5: 'y'})['positional']"
    )
    assert await value_of(session, code) == "['2026-01-02', '1.50', 'YWI=', [3], {'x': 4}, {'5': 'y'}]"
    for bad in ("object()", "2 ** 70", *(["loop"] if sandbox.abilities.full_python else [])):
        result = await run(session, f"loop = []; loop.append(loop)\nsystem.echo({bad})")
        assert result.status == "error"
        assert result.error_type in (
            {"ConversionError"} if sandbox.abilities.full_python else {"ConversionError", "TypeError"}
        )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("argument", "ToolArgumentError"), ("not_found", "ToolNotFoundError"), ("denied", "ToolDeniedError"),
        ("approval_required", "ToolDeniedError"), ("failed", "ToolFailedError"), ("unknown", "ToolFailedError"),
    ],
)  # fmt: skip
async def test_tool_error_has_the_class_of_its_kind(
    sandbox: Sandbox, session: SandboxSession, broker: Broker, kind: str, expected: str
) -> None:
    code = f"system.fail(kind={kind!r}, message='Not so.', argument='a', near=['b'], java_class='J', retryable=True)"
    result = await run(session, code)
    assert (result.status, result.error_type) == ("error", expected)
    assert (result.error or "").splitlines()[-1] == f"{expected}: Not so."
    if not sandbox.abilities.full_python:
        return
    caught = (
        f"try:\n    {code}\nexcept ToolError as error:\n"
        "    told = (error.kind, error.argument, error.near, error.java_class, error.retryable, str(error))\ntold"
    )
    assert await value_of(session, caught) == f"('{kind}', 'a', ('b',), 'J', True, 'Not so.')"


@pytest.mark.full_python
async def test_a_java_error_shows_its_class_frames_and_cause_below_the_message(
    session: SandboxSession, broker: Broker
) -> None:
    stack = ["acme.Pool.take(Pool.java:42)", "Caused by java.sql.SQLException: refused", "acme.Db.open(Db.java:7)"]
    code = (
        f"system.fail(kind='failed', message='No pool.', java_class='java.lang.IllegalStateException', stack={stack})"
    )
    result = await run(session, code)

    assert (result.error or "").splitlines()[-5:] == [
        "ToolFailedError: No pool.",
        "  java.lang.IllegalStateException",
        "    at acme.Pool.take(Pool.java:42)",
        "  Caused by java.sql.SQLException: refused",
        "    at acme.Db.open(Db.java:7)",
    ]


async def test_large_arguments_and_results_pass(session: SandboxSession, broker: Broker) -> None:
    code = "text = 'x' * 3_000_000\nsystem.echo(text)['positional'][0] == text"
    assert await value_of(session, code) == "True"


async def test_broken_tool_channel_is_a_clear_error(sandbox: Sandbox, session: SandboxSession, broker: Broker) -> None:
    broker.hang_up()
    result = await run(session, "system.echo()")
    assert (result.status, result.error_type) == ("error", "ToolFailedError")
    if sandbox.abilities.full_python:
        result = await run(session, "try:\n    system.echo()\nexcept ToolError as error:\n    kind = error.kind\nkind")
        assert result.value == "unavailable"
    assert await value_of(session, "1 + 1") == "2"


@pytest.mark.full_python
async def test_calls_from_threads_wait_for_each_other(session: SandboxSession, broker: Broker) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    answers = list(pool.map(lambda i: system.echo(i).positional[0], range(40)))\n"
        "answers == list(range(40))"
    )
    assert await value_of(session, code) == "True"


async def test_say_and_search_are_calls_to_the_engine(session: SandboxSession, broker: Broker) -> None:
    await value_of(session, "say('Looking …')\ntools.search('disk')")
    assert [(call["t"], call["f"], call["a"]) for call in broker.calls] == [
        ("sanca", "say", ["Looking …"]), ("sanca", "search_tools", ["disk"]),
    ]  # fmt: skip


@pytest.mark.full_python
async def test_tools_document_themselves(session: SandboxSession, broker: Broker) -> None:
    assert await value_of(session, "import inspect\nstr(inspect.signature(system.logs))") == (
        "(service: str, limit: int = 200)"
    )
    assert await value_of(session, "dir(system), dir(mcp), dir(mcp.runbooks)") == "(['logs'], ['runbooks'], ['search'])"
    text = await value_of(session, "system.logs.__doc__")
    assert text is not None
    assert text.splitlines()[0] == "system.logs(service: str, limit: int = 200)"
    assert "service: Which service." in text
    assert (await run(session, "help(system.logs)")).stdout.rstrip() == text
    assert "system.logs(service" in (await run(session, "help(system)")).stdout
    assert await value_of(session, "tools.describe('system.logs')") == text
    result = await run(session, "tools.describe('system.lgs')")
    assert result.error_type == "ToolNotFoundError"
    assert "system.logs" in (result.error or "")


@pytest.mark.full_python
async def test_a_name_of_the_action_hides_a_toolkit_until_it_is_deleted(
    session: SandboxSession, broker: Broker
) -> None:
    assert await value_of(session, "system = 3") is None
    assert await value_of(session, "system") == "3"
    assert await value_of(session, "del system\nsystem") == "<toolkit system>"
    assert (await run(session, "system", toolkits=())).error_type == "NameError"


async def test_level_is_told(sandbox: Sandbox) -> None:
    assert sandbox.level in LEVELS


# Abilities that no test above asks for


async def test_snapshot_brings_names_back_or_is_refused(sandbox: Sandbox, session: SandboxSession) -> None:
    await value_of(session, "kept = [1, 'two']\ndef double(x): return 2 * x")
    if not sandbox.abilities.snapshot:
        with pytest.raises(SandboxError, match="cannot take a session's names out"):
            await session.snapshot()
        return
    snapshot = await session.snapshot()
    assert await value_of(session, "kept") == "[1, 'two']"
    other = await sandbox.spawn(libraries=False)
    try:
        assert await other.restore(snapshot) == ()
        assert await value_of(other, "double(kept[0])") == "2"
    finally:
        await other.close()


async def test_a_part_of_python_says_what_it_has_not(sandbox: Sandbox, session: SandboxSession) -> None:
    probes = (
        "import threading",
        "import socket",
        "import ctypes",
        "import subprocess",
        "import numpy_that_is_not_there",
    )
    refused = [probe for probe in probes if (await run(session, probe)).status == "error"]
    assert refused == (list(probes[-1:]) if sandbox.abilities.full_python else list(probes))
    assert await value_of(session, "1 + 1") == "2"


async def test_abilities_are_told_before_the_start(sandbox: Sandbox) -> None:
    assert LEVELS[sandbox.level](SandboxSettings()).abilities == sandbox.abilities
