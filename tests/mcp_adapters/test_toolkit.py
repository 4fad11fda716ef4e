"""MCP servers as toolkits, with real servers in real processes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from sanca.core.errors import ConfigurationError, ToolError, ToolFailedError, ToolNotFoundError
from sanca.core.ports import Toolkit
from sanca.core.tools import CallContext, Effect
from sanca.mcp_adapters import load_toolkits

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
FAKE = str(ROOT / "tests/fakes/mcp_fake_server.py")
RUNBOOKS = str(ROOT / "examples/runbook_server/server.py")


def context(timeout_seconds: float = 30.0) -> CallContext:
    return CallContext(
        call_id="run/1", run_id="run", session_id="ses", tenant="t", user="u", timeout_seconds=timeout_seconds
    )


@asynccontextmanager
async def toolkit(home: Path, **entry: Any) -> AsyncIterator[Toolkit]:
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"fake": entry}}))
    (made,) = load_toolkits(home)
    try:
        yield made
    finally:
        await made.close()


def stdio(*arguments: str, **more: Any) -> dict[str, Any]:
    patient = {"start_timeout_seconds": 60}  # the tests' machine may be busy
    return {"command": sys.executable, "args": [FAKE, "stdio", *arguments], "trust": "hints", **patient, **more}


@pytest.fixture
def http_server() -> Iterator[Callable[[], tuple[str, subprocess.Popen[bytes]]]]:
    """Start the fake over HTTP, again on the same port when called again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> tuple[str, subprocess.Popen[bytes]]:
        started.append(subprocess.Popen([sys.executable, FAKE, "http", str(port)], stderr=subprocess.DEVNULL))
        return f"http://127.0.0.1:{port}/mcp", started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def open_when_up(made: Toolkit) -> None:
    """Open, again and again until the server listens: that is what a host's start looks like too."""
    with anyio.fail_after(30):
        while True:
            with contextlib.suppress(ToolFailedError):
                return await made.open()
            await anyio.sleep(0.05)


async def value_when_up(made: Toolkit, tool: str, arguments: dict[str, Any]) -> Any:
    """Call, again and again until the server is there again."""
    with anyio.fail_after(30):
        while True:
            with contextlib.suppress(ToolFailedError):
                return await made.call(tool, arguments, context())
            await anyio.sleep(0.05)


async def test_tools_keep_schema_effect_and_description(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **stdio()) as made:
        assert not made.definition.tools
        await made.open()
        tools = {tool.name: tool for tool in made.definition.tools}
    assert (made.definition.name, made.definition.source) == ("mcp.fake", "mcp")
    assert made.definition.description == "For tests."
    assert tools["add"].effect is Effect.READ
    assert tools["add"].input_schema["required"] == ["a"]
    assert tools["add"].input_schema["properties"]["b"]["default"] == 2
    assert tools["add"].output_schema["type"] == "integer"
    assert tools["fail"].effect is Effect.WRITE
    assert tools["fail"].description == "Fail."


async def test_values_come_back_as_what_they_are(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **stdio()) as made:
        assert await made.call("add", {"a": 40}, context()) == 42
        assert await made.call("record", {"name": "x"}, context()) == {"name": "x", "list": [1, 2]}
        assert await made.call("text", {}, context()) == "just text"
        (image,) = await made.call("picture", {}, context())
    assert (image["type"], image["mimeType"]) == ("image", "image/png")


async def test_stranger_s_text_is_made_plain_and_short(tmp_path: Path) -> None:
    env = {"FAKE_INSTRUCTIONS": "Be \x1b[0m brief. " + "y" * 9000}
    async with toolkit(tmp_path, **stdio(env=env)) as made:
        await made.open()
        tool = next(one for one in made.definition.tools if one.name == "odd_name_x")
        assert await made.call("odd_name_x", {}, context()) == "odd"
        with pytest.raises(ToolFailedError) as caught:
            await made.call("fail", {}, context())
    assert len(tool.description) <= 1000
    assert "x" * 100 not in tool.description, "what hides characters is not shown at all"
    assert len(made.definition.description) <= 1000
    assert "\x1b" not in made.definition.description
    assert "the disk is full[31m" in str(caught.value)


async def test_server_sees_only_what_it_is_given_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    async with toolkit(tmp_path, **stdio(env={"RUNBOOK_TOKEN": "t"})) as made:
        names = await made.call("environment", {}, context())
    assert "RUNBOOK_TOKEN" in names
    assert "OPENAI_API_KEY" not in names


async def test_unknown_tool_names_near_ones(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **stdio()) as made:
        with pytest.raises(ToolNotFoundError, match="no tool 'ad'") as caught:
            await made.call("ad", {}, context())
    assert caught.value.near == ("add",)


async def test_result_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **stdio()) as made:
        with pytest.raises(ToolFailedError, match="ask it for less"):
            await made.call("huge", {}, context())


async def test_call_that_takes_too_long_is_cancelled_at_the_server(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with toolkit(tmp_path, **stdio()) as made:
        await made.open()
        with pytest.raises(ToolFailedError, match="did not finish in time") as caught:
            await made.call("wait", {"seconds": 60, "path": str(mark)}, context(0.5))
        assert caught.value.kind == "timeout"
        assert await made.call("add", {"a": 1}, context()) == 3
        await appears(mark)


async def test_cancelled_call_is_cancelled_at_the_server(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with toolkit(tmp_path, **stdio()) as made:
        await made.open()
        with anyio.move_on_after(0.5) as scope:
            await made.call("wait", {"seconds": 60, "path": str(mark)}, context())
        assert scope.cancelled_caught
        await appears(mark)
        assert await made.call("add", {"a": 1}, context()) == 3


async def appears(path: Path) -> None:
    with anyio.fail_after(10):
        while not await anyio.Path(path).exists():  # noqa: ASYNC110 - another process writes it
            await anyio.sleep(0.05)


async def test_reading_call_is_repeated_when_the_server_died(tmp_path: Path) -> None:
    async with toolkit(tmp_path, **stdio()) as made:
        await made.open()
        assert await made.call("die_once", {"path": str(tmp_path / "mark")}, context()) == "alive"


async def test_writing_call_is_not_repeated_and_its_effect_is_said_to_be_unknown(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with toolkit(tmp_path, **stdio()) as made:
        await made.open()
        with pytest.raises(ToolFailedError, match="whether it took effect is not known") as caught:
            await made.call("die_writing", {"path": str(mark)}, context())
        assert caught.value.kind == "unknown"
        assert mark.read_text() == "x"
        assert await made.call("add", {"a": 1}, context()) == 3


async def test_many_calls_at_once_share_one_server(tmp_path: Path) -> None:
    results: list[int] = []
    async with toolkit(tmp_path, **stdio()) as made:

        async def one(number: int) -> None:
            results.append(await made.call("add", {"a": number, "b": 0}, context()))

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(one, number)
    assert sorted(results) == list(range(20))


async def test_close_ends_the_server_s_process(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        f"import os; open({str(mark)!r}, 'w').write(str(os.getpid())); os.execv({sys.executable!r}, [{sys.executable!r}"
    )
    entry = {"command": sys.executable, "args": ["-c", f"{code}, {FAKE!r}, 'stdio'])"]}
    async with toolkit(tmp_path, **entry) as made:
        await made.open()
        pid = int(mark.read_text())
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"command": "/no/such/command"}, "there is no command '/no/such/command'"),
        ({"command": sys.executable, "args": ["-c", "raise SystemExit('module x is missing')"]}, "module x is missing"),
        ({"command": sys.executable, "args": ["-c", "import time; time.sleep(60)"]}, "did not answer within 1 seconds"),
        ({"url": "http://127.0.0.1:9/mcp"}, "cannot be reached"),
    ],
)
async def test_server_that_cannot_be_reached_says_why_and_is_left_alone_for_a_moment(
    tmp_path: Path, entry: dict[str, Any], words: str
) -> None:
    async with toolkit(tmp_path, **entry, start_timeout_seconds=1) as made:
        with anyio.fail_after(20):
            with pytest.raises(ToolFailedError, match=words) as caught:
                await made.open()
            with pytest.raises(ToolFailedError, match="next try in") as again:
                await made.call("add", {"a": 1}, context())
    assert (caught.value.kind, again.value.kind, again.value.retryable) == ("unavailable", "unavailable", True)


async def test_server_over_http_works_and_is_reached_again_after_a_restart(
    tmp_path: Path, http_server: Callable[[], tuple[str, subprocess.Popen[bytes]]]
) -> None:
    url, process = http_server()
    async with toolkit(tmp_path, url=url, headers={"X-Team": "ops"}, trust="hints") as made:
        await open_when_up(made)
        assert await made.call("add", {"a": 40}, context()) == 42
        process.kill()
        await anyio.to_thread.run_sync(process.wait)
        with pytest.raises(ToolError) as caught:
            await made.call("add", {"a": 1}, context())
        assert caught.value.kind == "unavailable"
        http_server()
        assert await value_when_up(made, "add", {"a": 1}) == 3


async def test_runbook_example_is_found_in_both_languages_and_read(tmp_path: Path) -> None:
    (tmp_path / "toolkits.json").write_text(
        json.dumps({"mcpServers": {"runbooks": {"command": sys.executable, "args": [RUNBOOKS], "trust": "hints"}}})
    )
    (made,) = load_toolkits(tmp_path)
    try:
        asked = {
            "connections are exhausted, requests wait": "pool-exhaustion",
            "端口被占用，服务起不来": "port-clash",
            "磁盘满了": "full-disk",
            "the new release throws exceptions": "bad-release",
            "怎么写事故报告": "incident-report",
            "one service is slow because of another one": "slow-dependency",
            "time-out wrong after a configuration commit": "bad-configuration",
            "如何回滚": "rollback",
        }
        for query, name in asked.items():
            hits = await made.call("search", {"query": query, "limit": 3}, context())
            assert hits[0]["name"] == name, query
        assert "# How to roll back" in await made.call("read", {"name": "rollback"}, context())
        assert await made.call("search", {"query": "qqq zzz"}, context()) == []
        with pytest.raises(ToolFailedError, match=r"no runbook '\.\./README'"):
            await made.call("read", {"name": "../README"}, context())
        assert {tool.effect for tool in made.definition.tools} == {Effect.READ}
    finally:
        await made.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid JSON"),
        ('{"mcpServers": {"a": {}}}', 'give either "command" or "url"'),
        ('{"mcpServers": {"a": {"url": "ftp://x", "headers": {"A": "sk-secret"}}}}', "must start with http"),
        ('{"mcpServers": {"a-b": {"command": "x"}, "a_b": {"command": "x"}}}', "the same once they are Python names"),
        ('{"mcpServers": {"!": {"command": "x"}}}', "needs a letter or digit"),
        ('{"mcpServers": {"a": {"command": "x", "headers": {"A": ["sk-secret"]}}}}', r"mcpServers\.a\.headers\.A"),
    ],
)
def test_file_that_is_not_right_is_named_without_its_secrets(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "toolkits.json").write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_toolkits(tmp_path)
    assert "sk-secret" not in str(caught.value)


def test_no_file_means_no_toolkits_and_loads_no_sdk(tmp_path: Path) -> None:
    assert load_toolkits(tmp_path) == []
    code = "import sys, sanca.mcp_adapters; print('mcp' in sys.modules, 'httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
