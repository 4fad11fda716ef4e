"""The broker with a real JVM behind it: calls, approvals, cancel, a host that dies and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from broker_driver import Driver
from jvm_host import JvmHost
from sanca.python_runtime.broker.records import ApprovalRule

pytestmark = [pytest.mark.anyio, pytest.mark.jvm]

ALLOW = (ApprovalRule("allow"),)


async def test_a_call_from_a_sandbox_reaches_the_host_by_name_and_position(with_host: Driver) -> None:
    assert await with_host.value("system", "echo", "hi") == {"text": "hi"}
    assert await with_host.value("system", "echo", "hi", count=2) == {"text": "hi", "count": 2}
    assert await with_host.value("system", "context") == "run_1/3"


async def test_the_hosts_toolkits_are_listed_with_the_local_ones(with_host: Driver) -> None:
    sources = {toolkit.name: toolkit.source for toolkit in with_host.client.toolkits}

    assert sources == {"sanca": "engine", "system": "java", "shop": "python", "card": "python", "page": "engine"}
    assert (await with_host.client.health()).gateway == "connected"


async def test_approved_arguments_leave_as_they_were_shown_to_the_byte(with_host: Driver, host: JvmHost) -> None:
    with_host.answer_asks()
    name = "blau 蓝 \n \U0001f40d"

    await with_host.value("system", "write", name=name)

    recorded = (await with_host.journal("run_1", "call_requested"))[0].data["arguments_json"]
    assert (
        with_host.engine.asks[0].arguments_json
        == recorded
        == json.dumps({"name": name}, separators=(",", ":"), ensure_ascii=False)
    )
    assert host.effects() == ["run_1/1"]


async def test_a_java_failure_keeps_its_class_and_first_frames(with_host: Driver) -> None:
    error = await with_host.error("system", "fail")

    assert (error["kind"], error["java_class"], error["stack"]) == (
        "failed",
        "java.io.IOException",
        ["a.B.c(B.java:1)"],
    )


async def test_a_bug_of_the_host_is_a_failed_call_and_not_the_end(with_host: Driver) -> None:
    assert (await with_host.error("system", "crash"))["kind"] == "failed"
    assert (await with_host.error("system", "garbage"))["kind"] == "failed"
    assert await with_host.value("system", "context") == "run_1/3"


async def test_closing_the_gate_interrupts_the_running_call_and_tells_what_became_of_it(
    with_host: Driver, host: JvmHost
) -> None:
    await with_host.open_run("run_2", rules=ALLOW, bind=False)
    await with_host.client.bind("sandbox_1", None, "run_2", 1)
    with_host.guest.begin("system", "sleepy_write", 20_000)
    await with_host.engine.until(lambda: "running sleepy_write" in with_host.engine.heard)

    records = await with_host.client.close_gate("run_2")

    assert [(record.call_id, record.status) for record in records] == [("run_2/1", "cancelled")]
    assert (await with_host.finish())["e"]["kind"] == "cancelled"
    assert (await with_host.error("system", "write", "late"))["kind"] == "cancelled"
    assert host.effects() == []


async def test_closing_the_gate_says_unknown_of_a_call_that_does_not_stop(with_host: Driver) -> None:
    await with_host.open_run("run_2", rules=ALLOW, bind=False)
    await with_host.client.bind("sandbox_1", None, "run_2", 1)
    with_host.guest.begin("system", "stubborn_write", 6_000)
    await with_host.engine.until(lambda: "running stubborn_write" in with_host.engine.heard)

    with anyio.fail_after(8):
        records = await with_host.client.close_gate("run_2")

    assert [(record.call_id, record.status) for record in records] == [("run_2/1", "unknown")]
    assert (await with_host.finish())["e"]["kind"] == "unknown"
    finished = (await with_host.journal("run_2", "call_finished"))[-1]
    assert finished.data["error"]["kind"] == "unknown"


async def test_no_effect_of_many_leaves_after_the_gate_is_closed(with_host: Driver, host: JvmHost) -> None:
    await with_host.open_run("run_2", rules=ALLOW, bind=False)
    await with_host.client.bind("sandbox_1", None, "run_2", 1)
    answers: list[dict[str, Any]] = []

    def loop_of_effects() -> None:
        for _ in range(2000):
            answers.append(with_host.guest.call("system", "write", "x"))
            if not answers[-1]["ok"]:
                return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, loop_of_effects)
        await with_host.engine.until(lambda: len(answers) > 20)
        await with_host.client.close_gate("run_2")
        at_close = len(host.effects())

    assert len(host.effects()) == at_close
    assert not answers[-1]["ok"]
    requested = [row.data["call_id"] for row in await with_host.journal("run_2", "call_requested")]
    assert set(host.effects()) <= set(requested)


async def test_a_host_that_is_gone_is_said_clearly_and_found_again(with_host: Driver, host: JvmHost) -> None:
    await with_host.value("system", "echo", "before")
    host.kill()

    error = await with_host.error("system", "echo", "while")
    health = await with_host.client.health()
    host.start()
    await with_host.until_health(lambda health: health.gateway == "connected")

    assert (error["kind"], error["retryable"]) == ("unavailable", True)
    assert health.gateway == "disconnected"
    assert health.gateway_detail.endswith(".")
    assert await with_host.value("system", "echo", "after") == {"text": "after"}
    assert "system" in [toolkit.name for toolkit in with_host.client.toolkits]


async def test_a_host_killed_in_mid_effect_is_asked_later(with_host: Driver, host: JvmHost) -> None:
    with_host.answer_asks()
    with_host.guest.begin("system", "write_then_die", "x")
    await anyio.to_thread.run_sync(host.await_end)
    host.start()

    answer = await with_host.finish()

    assert answer == {"ok": True, "v": "written"}
    assert host.effects() == ["run_1/1"]


async def test_a_host_that_starts_later_brings_its_toolkits(driver: Driver, home: Path) -> None:
    assert (await driver.error("system", "echo", "x"))["kind"] == "not_found"
    host = JvmHost(home)
    host.start()
    try:
        await driver.engine.until(lambda: driver.engine.changes)

        assert await driver.value("system", "echo", "x") == {"text": "x"}
    finally:
        host.kill()


async def test_a_toolkit_added_in_the_running_host_is_there_after_a_refresh(with_host: Driver, home: Path) -> None:
    extra = {"name": "mine", "tools": [{"name": "context"}]}
    (home / "extra_toolkits.json").write_text(json.dumps(extra), encoding="utf-8")

    toolkits = await with_host.client.refresh_toolkits()

    assert "mine" in [toolkit.name for toolkit in toolkits]
    assert await with_host.value("mine", "context") == "run_1/1"


async def test_a_wrong_token_is_told_in_the_health_answer(with_host: Driver, home: Path, host: JvmHost) -> None:
    port, pid = host.port, host.pid
    host.kill()
    (home / "gateway.json").write_text(json.dumps({"port": port, "token": "stale", "pid": pid}), encoding="utf-8")
    keep = (home / "gateway.json").read_text(encoding="utf-8")
    host.start(port=port, token="fresh")
    (home / "gateway.json").write_text(keep, encoding="utf-8")

    health = await with_host.until_health(lambda health: "refused our token" in health.gateway_detail)

    assert health.gateway == "disconnected"
    assert (await with_host.error("system", "echo", "x"))["kind"] in ("failed", "unavailable")
