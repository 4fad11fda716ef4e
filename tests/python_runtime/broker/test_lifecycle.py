"""The broker as a process: starting, ending, dying, what it may see, and what survives."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from broker_driver import Driver, Engine, driven
from jvm_host import wait_until
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.broker.client import BrokerClient, BrokerLostError
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.launch import broker_environment
from sanca.python_runtime.broker.records import BrokerSettings

pytestmark = pytest.mark.anyio


async def test_a_killed_broker_is_told_and_every_question_fails_clearly(driver: Driver) -> None:
    driver.guest.begin("shop", "wait", 30)
    await driver.engine.until(lambda: "running wait" in driver.engine.heard)
    health = await driver.client.health()

    os.kill(health.pid, signal.SIGKILL)

    with anyio.fail_after(5):
        await driver.engine.lost.wait()
    with pytest.raises(BrokerLostError, match="broker's process ended"):
        await driver.client.call("run_1", "shop", "add", {"a": 1})
    with pytest.raises(BrokerLostError):
        driver.client.append("run_1", "event", {})


async def test_a_question_that_waits_while_the_broker_dies_fails(driver: Driver) -> None:
    health = await driver.client.health()
    failures: list[BaseException] = []

    async def ask() -> None:
        try:
            await driver.client.call("run_1", "shop", "wait", {"seconds": 30})
        except BrokerLostError as error:
            failures.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await driver.engine.until(lambda: "running wait" in driver.engine.heard)
        os.kill(health.pid, signal.SIGKILL)

    assert len(failures) == 1


async def test_a_new_broker_takes_over_the_journal_and_the_call_numbers(home: Path) -> None:
    async with driven(home) as first:
        await first.open_run()
        await first.value("shop", "add", 1)
        await first.client.flush()
        os.kill((await first.client.health()).pid, signal.SIGKILL)
        await first.engine.lost.wait()
    async with driven(home) as second:
        await second.open_run()
        await second.value("shop", "add", 1)
        rows = await second.journal("run_1", "call_requested")

    assert [row.data["call_id"] for row in rows] == ["run_1/1", "run_1/2"]
    assert [row.seq for row in rows] == [1, 3]


async def test_the_broker_ends_when_the_engine_dies_and_lets_no_effect_out_afterwards(
    home: Path, tmp_path: Path
) -> None:
    script = tmp_path / "engine.py"
    script.write_text(ENGINE_THAT_DIES, encoding="utf-8")
    dying = await anyio.run_process([sys.executable, str(script), str(home)], check=False, stderr=subprocess.DEVNULL)
    pid = int(dying.stdout)

    await anyio.to_thread.run_sync(lambda: wait_until(lambda: not _is_running(pid), what="the broker's end"))

    finished = JournalReader(home).rows("run_1", kinds=("call_finished",))
    assert [row.data["error"]["kind"] for row in finished] == ["unknown"]
    assert not (home / "ledger.txt").exists()


async def test_the_environment_holds_no_key_and_no_token() -> None:
    environment = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "OPENAI_API_KEY": "k",
        "DASHSCOPE_API_KEY": "k",
        "SANCA_HOME": "/h",
        "X": "1",
    }

    assert broker_environment(environment) == {"PATH": "/bin", "LC_ALL": "C", "SANCA_HOME": "/h"}


async def test_the_running_broker_really_has_only_that_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret")
    async with driven(home) as driver:
        pid = (await driver.client.health()).pid
        seen = await anyio.Path(f"/proc/{pid}/environ").read_bytes()
        command = await anyio.Path(f"/proc/{pid}/cmdline").read_bytes()
        limits = await anyio.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")

    assert b"very-secret" not in seen
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert b"OPENAI" not in seen
    assert str(home).encode() not in command


async def test_a_second_broker_on_the_same_folder_says_who_holds_it(home: Path) -> None:
    async with driven(home):
        settings = BrokerSettings(home, start_timeout_seconds=4)
        with pytest.raises(ConfigurationError, match="Another broker still holds"):
            async with BrokerClient.open(settings, Engine()):
                pass


async def test_a_home_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="ascii")

    with pytest.raises(ConfigurationError, match="state folder"):
        async with BrokerClient.open(BrokerSettings(blocked / "home"), Engine()):
            pass


async def test_a_toolkit_file_that_fails_is_told_by_name_and_the_others_work(home: Path) -> None:
    (home / "toolkits" / "broken.py").write_text("import nothing_of_that_name", encoding="utf-8")
    (home / "toolkits" / "empty.py").write_text("", encoding="utf-8")
    async with driven(home) as driver:
        await driver.open_run()

        assert await driver.value("shop", "add", 1) == 3
        problems = (await driver.client.health()).problems

    assert "nothing_of_that_name" in problems["broken.py"]
    assert "no toolkit" in problems["empty.py"]


async def test_toolkits_of_factories_are_opened_called_followed_and_closed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_factory.py").write_text(FACTORY, encoding="utf-8")
    (home / "toolkits.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    factories = ("outside_factory:load", "outside_factory:broken", "no_such_module:load")
    async with driven(home, toolkit_factories=factories) as driver:
        await driver.open_run()
        assert {"mcp.outside", "mcp.soon"} <= {each.name for each in driver.client.toolkits}
        assert await driver.value("mcp.outside", "ping") == "pong"
        problems = (await driver.client.health()).problems

        await driver.engine.until(lambda: "mcp.late" in [each.name for each in driver.client.toolkits])
        assert await driver.value("mcp.late", "ping") == "pong"
        await driver.engine.until(lambda: _tools(driver, "mcp.late") == ["ping", "pong"])
        assert "mcp.late" not in (await driver.client.health()).problems

    assert "bad luck" in problems["mcp.unlucky"]
    assert {"outside_factory:broken", "no_such_module:load"} <= set(problems)
    assert sorted((home / "outside.log").read_text(encoding="utf-8").split()) == ["closed"] * 3 + ["opened"] * 3


async def test_the_start_waits_three_seconds_for_a_toolkit_that_hangs_and_offers_the_others(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside_factory.py").write_text(FACTORY, encoding="utf-8")
    (home / "toolkits.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    begun = anyio.current_time()
    async with driven(home, toolkit_factories=("outside_factory:hanging",)) as driver:
        assert 3 <= anyio.current_time() - begun < 15
        assert "mcp.outside" in [each.name for each in driver.client.toolkits]
        assert "mcp.hanging" not in [each.name for each in driver.client.toolkits]


async def test_an_error_in_the_body_comes_out_as_it_is(home: Path) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with driven(home):
            raise KeyError("mine")


async def test_an_engine_that_stops_in_a_hurry_leaves_no_process(home: Path) -> None:
    pid = 0
    with anyio.move_on_after(15) as scope:
        async with driven(home) as driver:
            pid = (await driver.client.health()).pid
            scope.cancel()
            await anyio.sleep_forever()

    assert pid
    assert not _is_running(pid)


async def test_a_callback_that_raises_or_asks_back_stops_nothing(driver: Driver) -> None:
    async def ask_back(ask: Any) -> None:
        await driver.client.flush()
        await driver.client.answer(ask.run_id, ask.call_id, approved=True, by="olga")
        raise RuntimeError("a callback's own mistake")

    driver.engine.on_ask_do = ask_back

    assert await driver.value("shop", "write", "a") == {"wrote": "a"}
    assert await driver.value("shop", "write", "b") == {"wrote": "b"}


async def test_every_effect_and_every_refusal_is_logged_with_its_trace_id(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with driven(home) as driver:
        await driver.open_run()
        driver.answer_asks()
        await driver.value("shop", "write", "blue")
        await driver.value("shop", "add", 1)
        await driver.error("shop", "nothing")

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    calls = [line for line in lines if line["event"] == "tool_call_finished"]
    assert [(line["tool"], line["status"]) for line in calls] == [("shop.write", "ok"), ("shop.nothing", "failed")]
    assert {(line["trace_id"], line["run_id"], line["user"]) for line in calls} == {("a" * 32, "run_1", "olga")}


def _tools(driver: Driver, name: str) -> list[str]:
    return [tool.name for each in driver.client.toolkits if each.name == name for tool in each.tools]


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


ENGINE_THAT_DIES = """
import os, signal, sys
from pathlib import Path
import anyio
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.records import BrokerSettings, RunContext

class Engine:
    async def on_call(self, run_id, call):
        if call.status == "running":
            print(self.pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    async def on_ask(self, run_id, ask): ...
    async def on_card(self, run_id, call_id, card): ...
    async def on_engine_call(self, run_id, tool, arguments): ...
    async def on_toolkits_changed(self): ...
    async def on_broker_lost(self): ...

async def main():
    engine = Engine()
    async with BrokerClient.open(BrokerSettings(Path(sys.argv[1])), engine) as client:
        engine.pid = (await client.health()).pid
        await client.open_run(RunContext("run_1", "ses_1"))
        await client.call("run_1", "shop", "slow_write", {"seconds": 3})

anyio.run(main)
"""

FACTORY = '''
"""Outside toolkits of a test."""
import asyncio
from sanca.core.tools import ToolDefinition, ToolkitDefinition

FAILURES = {"mcp.soon": 1, "mcp.late": 2, "mcp.unlucky": 1000}

class Outside:
    tries = 0
    def __init__(self, home, name):
        self.log, self.definition = home / "outside.log", ToolkitDefinition(name=name, source="mcp")
    async def open(self):
        self.tries += 1
        if self.definition.name == "mcp.hanging":
            await asyncio.sleep(1000)
        if self.tries <= FAILURES.get(self.definition.name, 0):
            raise RuntimeError("bad luck")
        self.definition = self.definition.model_copy(update={"tools": (ToolDefinition(name="ping"),)})
        self.log.open("a").write("opened\\n")
    async def call(self, tool, arguments, context):
        tools = (ToolDefinition(name="ping"), ToolDefinition(name="pong"))
        self.definition = self.definition.model_copy(update={"tools": tools})
        return "pong"
    async def close(self):
        self.log.open("a").write("closed\\n")

def load(home):
    return [Outside(home, f"mcp.{name}") for name in ("outside", "soon", "late", "unlucky")]

def hanging(home):
    return [Outside(home, "mcp.hanging"), Outside(home, "mcp.outside")]

def broken(home):
    raise ValueError("no")
'''
