"""The type check with the real checker: what stops an action, what is only remarked, and what comes when it breaks."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.tools import ToolDefinition, ToolkitDefinition, ToolOverload
from sanca.memory import MemorySettings, load_skill_library
from sanca.python_runtime.action_check import CheckReport, TyChecker, tell_stops
from sanca.python_runtime.broker.memory_definitions import MEMORY_TOOLS
from sanca.toolkit_bridge import CardToolkit

pytestmark = pytest.mark.anyio

LEVEL = {"type": "string", "enum": ["DEBUG", "INFO", "WARN", "ERROR"], "default": None}
LINE = {
    "type": "object",
    "title": "LogLine",
    "properties": {"level": {"type": "string"}, "message": {"type": "string"}},
}


def tool(name: str, properties: Mapping[str, Any], *required: str, **more: Any) -> ToolDefinition:
    schema = {"type": "object", "properties": dict(properties), "required": list(required)}
    return ToolDefinition(name=name, input_schema=schema, **more)


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
NAMES = {"type": "array", "items": TEXT, "default": None}
BY_NAME = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
BY_NUMBER = {"type": "object", "properties": {"number": NUMBER, "kind": LEVEL}, "required": ["number"]}
LOGS = tool(
    "logs",
    {"service": TEXT, "level": LEVEL, "limit": {**NUMBER, "default": 200, "minimum": 1}, "names": NAMES},
    "service",
    output_schema={"type": "array", "items": LINE},
)  # fmt: skip
FIND = ToolDefinition(name="find", overloads=(ToolOverload(input_schema=BY_NAME), ToolOverload(input_schema=BY_NUMBER)))
TAIL = tool("tail", {"path": TEXT}, "path", streams=True, output_schema=LINE)
ODD = tool("odd", {"some-key": TEXT, "ok": TEXT}, "ok")
SERVICES = ToolDefinition(name="services")
KITS = (
    ToolkitDefinition(name="system", source="java", tools=(LOGS, FIND, TAIL, SERVICES)),
    ToolkitDefinition(name="mcp.run_books", source="mcp", tools=(LOGS, ODD)),
    ToolkitDefinition(name="agents.reviewer", source="agent", tools=(tool("ask", {"message": TEXT}, "message"),)),
    CardToolkit().definition,
)


SYSTEM = [
    "services", "health service", "probe service path count", "logs service level contains since_minutes limit",
    "metrics service names since_minutes", "releases service limit", "deployments service limit", "ports",
    "git_log service path limit", "git_diff from_ref to_ref path service", "git_blame path ref line_start line_end",
    "read_file path ref", "config service ref", "disk_usage service", "change_config service key value reason",
    "deploy service release", "restart service", "rollback service release", "stop_process pid reason",
    "delete_files service pattern older_than_minutes",
]  # fmt: skip
"""The tools of the demo's toolkit and what they take (contracts, section 7)."""


@asynccontextmanager
async def checker(**options: Any) -> AsyncIterator[TyChecker]:
    made = TyChecker(**{"limit_seconds": 30.0, **options})
    try:
        yield made
    finally:
        await made.close()


async def check_all(*codes: str, names: Mapping[str, str] | None = None, knows: bool = True) -> list[CheckReport]:
    async with checker() as made:
        reports = [await made.check(code, KITS, (names or {}) if knows else None) for code in codes]
    assert not [report.skipped for report in reports if report.skipped]
    return reports


STOPS = [
    ("system.logz('a')", "ToolNotFoundError", "system has no tool 'logz'. Did you mean 'logs'?"),
    ("await_me = system.logz.aio('a')", "ToolNotFoundError", "Did you mean 'logs'?"),
    ("system.ask('a')", "ToolNotFoundError", "Did you mean 'agents.reviewer.ask'?"),
    ("mcp.runbooks.logs('a')", "ToolNotFoundError", "mcp has no tool 'runbooks'. Did you mean 'run_books'?"),
    ("sytem.logs('a')", "NameError", "name 'sytem' is not defined. Did you mean 'system'?"),
    ("system.logs('a', levl='INFO')", "ToolArgumentError", "has no argument 'levl'. Did you mean 'level'?"),
    ("system.logs('a', level='INF')", "ToolArgumentError", "Did you mean 'INFO'?"),
    ("system.logs()", "ToolArgumentError", "system.logs needs 'service'"),
    ("system.logs('a', 'INFO', 5, [], 6)", "ToolArgumentError", "takes 4 arguments at most, got 5"),
    ("system.logs('a', service='b')", "ToolArgumentError", "got 'service' twice"),
    ("system.logs(5)", "ToolArgumentError", "must be a text (str), got 5 (int)"),
    ("system.logs('a', limit=0)", "ToolArgumentError", "less than the minimum"),
    ("system.logs('a', names=['x', 1])", "ToolArgumentError", "wrong element 1"),
    ("n = 5\nsystem.logs(n)", "ToolArgumentError", "must be a text (str), got 5"),
    ("n = len(input())\nsystem.logs(n)", "ToolArgumentError", "must be a text (str), and this is int"),
    ("system.logs('a', limit=str(5))", "ToolArgumentError", "must be a whole number (int), and this is str"),
    ("logs = system.logs\nlogs('a', levl=1)", "ToolArgumentError", "has no argument 'levl'"),
    ("system.find(1.5)", "ToolArgumentError", "fit none of its 2 forms"),
    ("system.find(number=1, kid='INFO')", "ToolArgumentError", "Did you mean 'kind'?"),
    ("mcp.run_books.logs(servce='a')", "ToolArgumentError", "Did you mean 'service'?"),
    ("agents.reviewer.ask(mesage='a')", "ToolArgumentError", "Did you mean 'message'?"),
    ("card.tabel('a', [])", "ToolNotFoundError", "Did you mean 'table'?"),
    ("say()", "TypeError", "text"),
    ("if len(input()) > 1:\n    system.lgos('a')", "ToolNotFoundError", "'logs'"),
    ("for line in system.logs('a'):\n    pint(line)", "NameError", "Did you mean 'print'"),
    ("'é中文'; system.logs('中', levl='😀')", "ToolArgumentError", "'levl'"),
]  # fmt: skip


async def test_what_surely_fails_stops_an_action_and_says_what_is_near() -> None:
    reports = await check_all(*(code for code, _, _ in STOPS))

    for (code, kind, words), report in zip(STOPS, reports, strict=True):
        assert [one.error_type for one in report.stops] == [kind], code
        assert words in report.stops[0].message, code


PASSES = [
    "x = system.logs('a', 'INFO', limit=3)\nx[0].message\nx[0]['level']\nlen(x)",
    "import asyncio\nasync def f():\n    return await asyncio.gather(system.logs.aio('a'))\nasyncio.run(f())",
    "for line in system.tail('x'):\n    say(line.message)\n    break",
    "with system.tail('x') as lines:\n    next(lines)\n    lines.close()",
    "system.find('a'); system.find(5); system.find(number=5, kind='INFO')",
    "import datetime, decimal, enum, pathlib\nsystem.logs(datetime.date.today()); system.logs(pathlib.Path('a'))",
    "import enum\nclass L(str, enum.Enum):\n    A = 'INFO'\nsystem.logs('a', level=L.A)",
    "system.logs('a', names=('x', 'y')); system.logs('a', names={'x'})",
    "level = input and system.logs('a')[0].level\nsystem.logs('a', level=level)",
    "service = system.services()[0].name\nsystem.logs(service, limit=system.services().count)",
    "args = {'service': 'a', 'nonsense': 1}\nsystem.logs(**args)",
    "system = {'logs': 5}\nsystem['logs']",
    "def system(): ...\nsystem()",
    "try:\n    system.logz('a')\nexcept ToolNotFoundError:\n    pass",
    "try:\n    data\nexcept NameError:\n    data = 1\ndata",
    "mcp.run_books.odd(ok='a', **{'some-key': 'b'})",
    "import pandas as pd, numpy as np\npd.DataFrame(system.logs('a')).groupby('level').size()",
    "from math import *\nsqrt(4)",
    "exec('a = 1')\na",
    "print(help(system.logs), system.logs.__doc__, dir(system), repr(tools), tools.describe('system.logs'))",
    "r = Record(a=1)\nr.a, r.b, r['c']\nr.d = 4",
    "raise ToolError('x', kind='failed')",
    "last_value, last_output",
    "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\nf(5)",
    "system.nonsense",
    "system._channel.send(b'')",
    "x = 1\ndel x\nx = 2\nx",
    "for i in range(3):\n    pass\ni",
    "if system.services():\n    y = 1\ny",
]


async def test_what_can_be_right_passes() -> None:
    reports = await check_all(*PASSES)

    for code, report in zip(PASSES, reports, strict=True):
        assert not report.stops, (code, report.stops)


async def test_names_of_earlier_rounds_are_known_with_their_types() -> None:
    names = {"services": "list[Record]", "count": "int", "table": "Any", "system2": "Record"}
    sound, rebound, wrong, unknown = await check_all(
        "[s.name for s in services]; table.groupby('a'); system2.x; system.logs('a', limit=count)",
        "count = 'a'\nsystem.logs(count)",
        "system.logs(count)",
        "servces",
        names=names,
    )

    assert not sound.stops and not sound.remarks
    assert not rebound.stops
    assert "this is int" in wrong.stops[0].message
    assert unknown.stops[0].near[0] == "services"


async def test_without_the_sessions_names_an_undefined_name_is_a_remark() -> None:
    (report,) = await check_all("nonsense\nsystem.logz('a')", knows=False)

    assert [one.error_type for one in report.remarks] == ["NameError"]
    assert [one.error_type for one in report.stops] == ["ToolNotFoundError"]


async def test_a_name_of_the_session_hides_a_toolkit() -> None:
    (report,) = await check_all("system.nonsense(1)", names={"system": "Any"})

    assert not report.stops


async def test_keys_that_a_record_does_not_have_are_remarked_by_the_name_in_the_stubs() -> None:
    (report,) = await check_all("system.logs('a')[0].mesage")

    told = "Object of type 'LogLine' has no attribute 'mesage'. Did you mean 'message'?"
    assert [one.message for one in report.remarks] == [told]


async def test_the_observation_marks_the_place() -> None:
    code = "x = 1\nsystem.logs('中', levl='INFO')"
    (report,) = await check_all(code)

    text = tell_stops(code, report)
    assert "was not run: no tool was called" in text
    line, mark = "    system.logs('中', levl='INFO')", " " * 21 + "^" * 11
    assert f"line 2:\n{line}\n{mark}\nToolArgumentError: system.logs has" in text


async def test_no_shipped_skill_is_stopped_where_the_tools_it_needs_are() -> None:
    settings = MemorySettings()
    library = load_skill_library(settings.skill_folders, threshold=settings.match_threshold)
    tools = [tool(name, {key: {"default": None} for key in keys}) for name, *keys in map(str.split, SYSTEM)]
    memory = ToolkitDefinition(name="sanca", tools=MEMORY_TOOLS)
    kits = (ToolkitDefinition(name="system", tools=tuple(tools)), CardToolkit().definition, memory)

    async with checker() as made:
        for skill in library.skills:
            parameters = dict.fromkeys((one.name for one in skill.sheet.parameters), "str")
            names = {**parameters, "language": "str"}
            report = await made.check(skill.code(), kits, names, is_for_now=False)
            assert not report.skipped, skill.name
            assert not report.stops, (skill.name, report.stops)


async def test_an_answer_is_kept_until_the_toolkits_change() -> None:
    async with checker() as made:
        first = await made.check("system.logs('a')", KITS, {})
        again = await made.check("system.logs('a')", KITS, {})
        changed = (ToolkitDefinition(name="system", tools=(SERVICES,)),)
        second = await made.check("system.logs('a')", changed, {})

    assert not first.stops
    assert again.seconds < first.seconds / 10
    assert second.stops[0].error_type == "ToolNotFoundError"


async def test_a_server_that_died_is_started_again() -> None:
    async with checker() as made:
        await made.check("1", KITS, {})
        os.kill(made.pid or 0, signal.SIGKILL)
        lost = await made.check("system.logz('a')", KITS, {})
        found = await made.check("system.logz('b')", KITS, {})

    assert "ended" in lost.skipped
    assert found.stops


async def test_a_server_that_is_not_there_or_says_nonsense_never_holds_up_an_action(tmp_path: Path) -> None:
    async with checker(command=[str(tmp_path / "absent")]) as made:
        absent = [await made.check(f"nonsense{number}", KITS, {}) for number in range(4)]
        assert made.detail == absent[0].skipped != ""
    async with checker(command=["/bin/cat"]) as made:
        echo = await made.check("nonsense", KITS, {})
    async with checker(command=["/bin/echo", "Content-Length: x"]) as made:
        nonsense = await made.check("nonsense", KITS, {})

    assert all(one.skipped and not one.stops for one in (*absent, echo, nonsense))
    assert [one.seconds > 0 for one in absent] == [True, True, True, False]


async def test_who_waits_too_long_behind_others_goes_without(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec /bin/sleep 600\n", encoding="utf-8")
    silent.chmod(silent.stat().st_mode | stat.S_IXUSR)
    reports = []

    async def ask(made: TyChecker, code: str) -> None:
        reports.append(await made.check(code, KITS, {}))

    options = {"command": [str(silent)], "limit_seconds": 0.05, "start_seconds": 0.5}
    async with checker(**options) as made, anyio.create_task_group() as tasks:
        tasks.start_soon(ask, made, "one")
        tasks.start_soon(ask, made, "two")

    assert [report.skipped for report in reports] == [
        "The checker was busy with other actions.", "A check took longer than 0.55 seconds.",
    ]  # fmt: skip


async def test_a_server_that_is_slow_is_given_up_after_the_limit(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec /bin/sleep 600\n", encoding="utf-8")
    silent.chmod(silent.stat().st_mode | stat.S_IXUSR)
    async with checker(command=[str(silent)], limit_seconds=0.05, start_seconds=0.05) as made:
        with anyio.fail_after(10):
            report = await made.check("nonsense", KITS, {})
        assert "longer than 0.1 seconds" in report.skipped
        assert made.pid is None


async def test_the_server_has_nothing_of_the_engines_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    async with checker() as made:
        await made.check("1", KITS, {})
        environment = await anyio.Path(f"/proc/{made.pid}/environ").read_text(encoding="utf-8")

    assert "sk-secret" not in environment
    assert {one.partition("=")[0] for one in environment.split("\0") if one} == {"HOME", "PATH", "TY_MAX_PARALLELISM"}


async def test_a_check_can_be_switched_off() -> None:
    async with checker(limit_seconds=0.0) as made:
        report = await made.check("nonsense", KITS, {})

    assert not report.stops
    assert "SANCA_TYPE_CHECK_SECONDS" in report.skipped


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
