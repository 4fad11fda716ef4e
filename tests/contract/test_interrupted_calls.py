"""Deadlines, cancels and cuts against the real host: tools that listen, tools that do not, and what is told of each."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from broker_driver import driven
from contract_host import ContractHost
from jvm_host import wait_until
from sanca.core.tools import CallContext, CallOutcome
from sanca.python_runtime.broker.records import ApprovalRule
from sanca.toolkit_bridge import GatewayCall, WireGateway
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway

pytestmark = pytest.mark.jvm

PROPERTIES = ("--contract.calls=true", "--sanca.gateway.token-lifetime=0")
LONG = 60_000
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractHost]:
    started = ContractHost(tmp_path_factory.mktemp("interrupted"), *PROPERTIES)
    yield started
    started.close()


@pytest.fixture
def gateway(host: ContractHost) -> Iterator[WireGateway]:
    made = WireGateway(host.home)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for tools that do not listen."""
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.GRACE_SECONDS", 0.2)
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.STOP_SECONDS", 0.2)


def call_of(tool: str, *, seconds: float = 30.0, repeatable: bool = False, **arguments: Any) -> GatewayCall:
    call_id = f"run_i/{next(_numbers)}"
    context = CallContext(
        call_id=call_id,
        run_id="run_i",
        session_id="s",
        tenant="t",
        user="u",
        trace_id="ab" * 16,
        timeout_seconds=seconds,
    )
    sent = json.dumps(arguments)
    return GatewayCall(call_id, "calls", tool, sent, context.model_dump_json(), seconds, repeatable)


def kind_of(outcome: CallOutcome) -> str:
    assert outcome.error is not None, outcome
    return outcome.error.kind


def message_of(outcome: CallOutcome) -> str:
    assert outcome.error is not None, outcome
    return outcome.error.message


def happened(host: ContractHost, call: GatewayCall) -> int:
    return [line.split(" ")[0] for line in host.effects()].count(call.call_id)


def begin(threads: ThreadPoolExecutor, gateway: WireGateway, call: GatewayCall) -> Future[CallOutcome]:
    """Let a call leave and return when it runs."""
    waiting = threads.submit(gateway.call, call)
    wait_until(lambda: gateway.status(call.call_id).state == "running", what="the call")
    return waiting


def test_a_read_beyond_its_limit_is_interrupted_by_the_host_itself(gateway: WireGateway) -> None:
    begun = time.monotonic()
    outcome = gateway.call(call_of("briefly", ms=LONG))

    assert kind_of(outcome) == "timeout"
    assert time.monotonic() - begun < 20  # not the minute it would wait


def test_the_callers_own_limit_is_kept_too(gateway: WireGateway) -> None:
    outcome = gateway.call(call_of("patiently", seconds=0.2, ms=LONG))

    assert kind_of(outcome) == "timeout"


@pytest.mark.usefixtures("impatient")
def test_a_read_that_does_not_listen_is_left_and_said_to_go_on(gateway: WireGateway) -> None:
    call = call_of("deaf", seconds=0.3, repeatable=True, ms=2_000)
    outcome = gateway.call(call)

    assert kind_of(outcome) == "timeout"
    assert "did not stop when told to" in message_of(outcome)
    wait_until(lambda: gateway.status(call.call_id).state == "done", what="its end")


@pytest.mark.usefixtures("impatient")
def test_an_effect_that_does_not_listen_is_unknown_and_its_end_can_be_asked_for(
    gateway: WireGateway, host: ContractHost
) -> None:
    call = call_of("deaf_append", seconds=0.3, ms=1_500)
    outcome = gateway.call(call)

    assert kind_of(outcome) == "unknown"
    assert happened(host, call) == 0  # and still it is not told as not done
    status = wait_until(lambda: _ended(gateway, call), what="its end")
    assert status.outcome.value == "appended"
    assert happened(host, call) == 1


def _ended(gateway: WireGateway, call: GatewayCall) -> Any:
    status = gateway.status(call.call_id)
    return status if status.state == "done" else None


def test_an_effect_interrupted_after_it_happened_is_unknown(gateway: WireGateway, host: ContractHost) -> None:
    call = call_of("append_then_wait", ms=LONG)
    outcome = gateway.call(call)  # ended by the tool's own limit of 2 seconds

    assert kind_of(outcome) == "unknown"
    assert "may or may not have happened" in message_of(outcome)
    assert happened(host, call) == 1


def test_a_tool_that_knows_that_it_changed_nothing_says_so(gateway: WireGateway, host: ContractHost) -> None:
    call = call_of("careful", ms=LONG)
    outcome = gateway.call(call)

    assert kind_of(outcome) == "timeout"
    assert "nothing was changed" in message_of(outcome)
    assert happened(host, call) == 0


def test_a_cancelled_call_is_interrupted_and_both_who_ask_are_told(gateway: WireGateway, host: ContractHost) -> None:
    with ThreadPoolExecutor(2) as threads:
        read, effect = call_of("patiently", ms=LONG), call_of("append_then_wait", ms=LONG)
        waiting = [begin(threads, gateway, call) for call in (read, effect)]
        wait_until(lambda: happened(host, effect), what="the effect")
        for call in (read, effect):
            gateway.cancel(call.call_id)

        assert [kind_of(one.result(10)) for one in waiting] == ["cancelled", "unknown"]
    assert gateway.status(read.call_id).state == "cancelled"
    status = gateway.status(effect.call_id)
    assert (status.state, status.begun) == ("unknown", True)


def test_a_call_cancelled_before_it_came_never_begins(gateway: WireGateway, host: ContractHost) -> None:
    call = call_of("append", text="x")
    assert gateway.status(call.call_id).begun is False

    assert gateway.cancel(call.call_id).state == "cancelled"

    assert "nothing was done" in message_of(gateway.call(call))
    assert happened(host, call) == 0


def test_a_connection_lost_in_mid_call_loses_neither_the_effect_nor_its_answer(host: ContractHost) -> None:
    gateway = WireGateway(host.home)
    with ThreadPoolExecutor(1) as threads:
        call = call_of("wait_then_append", ms=700)
        waiting = begin(threads, gateway, call)
        gateway._in_flight[call.call_id].shut()

        assert waiting.result(20).value == "appended"
    assert happened(host, call) == 1
    gateway.close()


def test_failures_that_pass_are_no_last_word_under_one_id_for_reads_only(
    gateway: WireGateway, host: ContractHost
) -> None:
    read, effect = call_of("flaky", times=1), call_of("flaky_append", times=1)

    assert [kind_of(gateway.call(read)), gateway.call(read).value] == ["failed", 2]
    again = [gateway.call(effect) for _ in range(3)]
    assert [(kind_of(one), one.replayed) for one in again] == [("failed", False), ("failed", True), ("failed", True)]
    assert happened(host, effect) == 1


def test_the_trace_id_of_the_call_is_the_tools(gateway: WireGateway) -> None:
    assert gateway.call(call_of("trace")).value == "ab" * 16


def test_a_host_killed_in_mid_call_tells_the_truth_when_it_is_back(tmp_path: Path) -> None:
    host = ContractHost(tmp_path, *PROPERTIES)
    gateway = WireGateway(tmp_path)
    try:
        with ThreadPoolExecutor(3) as threads:
            effect, idempotent = call_of("append_then_wait", ms=LONG), call_of("set", repeatable=True, ms=3_000)
            waiting = begin(threads, gateway, effect), begin(threads, gateway, idempotent)
            wait_until(lambda: len(host.effects()) == 2, what="both effects")
            host.kill()
            host = _restarted(host)

            assert kind_of(waiting[0].result(30)) == "unknown"
            said = waiting[1].result(30)
            again = said if said.ok else gateway.call(idempotent)  # its host was away longer than a read is worth
        assert again.value == "set"
        assert happened(host, effect) == 1
        assert happened(host, idempotent) == 2  # it may run twice, and did
    finally:
        gateway.close()
        host.close()


def _restarted(host: ContractHost) -> ContractHost:
    return ContractHost(host.home, *PROPERTIES)


def test_new_tokens_stop_no_call(tmp_path: Path) -> None:
    host = ContractHost(
        tmp_path, "--contract.calls=true", "--sanca.gateway.token-lifetime=150ms", "--sanca.gateway.token-overlap=0"
    )
    wire, py4j = WireGateway(tmp_path), Py4JGateway(tmp_path)
    try:
        with ThreadPoolExecutor(4) as threads:
            held = begin(threads, wire, call_of("patiently", ms=1_500))
            tokens = set()
            while not held.done():
                calls = [threads.submit(one.call, call_of("append", text="x")) for one in (wire, py4j, wire)]
                assert all(call.result(10).ok for call in calls)
                tokens.add(json.loads((tmp_path / "gateway.json").read_text(encoding="utf-8"))["token"])
            assert held.result(0).value == "waited"
        assert len(tokens) > 3
    finally:
        wire.close()
        py4j.close()
        host.close()


@pytest.mark.anyio
async def test_a_cancelled_run_interrupts_its_calls_in_the_host(host: ContractHost) -> None:
    async with driven(host.home) as driver:
        await driver.open_run(run_id="run_c", rules=(ApprovalRule("allow"),))
        driver.guest.begin("calls", "patiently", LONG)
        await driver.engine.until(lambda: "running patiently" in driver.engine.heard)

        with anyio.fail_after(20):
            records = await driver.client.close_gate("run_c")

        assert [(record.call_id, record.status) for record in records] == [("run_c/1", "cancelled")]
        assert (await driver.finish())["e"]["kind"] == "cancelled"


@pytest.mark.anyio
async def test_a_new_broker_asks_what_became_of_effects_that_a_dead_one_left_open(host: ContractHost) -> None:
    async with driven(host.home) as first:
        await first.open_run(run_id="run_s", rules=(ApprovalRule("allow"),))
        await first.value("calls", "append", "seen")
        first.guest.begin("calls", "wait_then_append", 1_000)
        await first.engine.until(lambda: "running wait_then_append" in first.engine.heard)
        os.kill((await first.client.health()).pid, signal.SIGKILL)
        await first.engine.lost.wait()
    async with driven(host.home) as second:
        with anyio.fail_after(30):
            while len(rows := await second.journal("run_s", "call_finished")) < 2:  # noqa: ASYNC110 - nobody tells us
                await anyio.sleep(0.1)

    settled = rows[-1].data
    assert (settled["call_id"], settled["ok"], settled["asked_later"]) == ("run_s/2", True, True)
    assert settled["value"] == "appended"


@pytest.mark.anyio
async def test_a_tool_of_the_host_that_keeps_failing_is_out_of_use_and_offers_its_alternative(
    host: ContractHost,
) -> None:
    (host.home / "broken").touch()
    async with driven(host.home, tool_failures=3) as driver:
        await driver.open_run(run_id="run_d")
        for _ in range(3):
            error = await driver.error("calls", "moody")
            assert error["alternative"] == "calls.patiently"
        refused = await driver.error("calls", "moody")
    (host.home / "broken").unlink()

    assert refused["kind"] == "unavailable"
    assert "calls.moody is out of use since" in refused["message"]
    assert refused["message"].endswith("the disk is gone. calls.patiently may do instead.")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
