"""What the gate lets pass, refuses, asks and writes down: through a real broker process and a guest's socket."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import anyio
import pytest
from broker_driver import Driver
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.records import ApprovalRule, RunBudget

pytestmark = pytest.mark.anyio


async def test_a_read_passes_and_its_value_comes_back(driver: Driver) -> None:
    assert await driver.value("shop", "add", 3) == 5
    assert await driver.value("shop", "add", 3, b=4) == 7


async def test_an_unknown_tool_and_toolkit_say_near_names(driver: Driver) -> None:
    tool, toolkit = await driver.error("shop", "ad"), await driver.error("shopp", "add", 1)

    assert (tool["kind"], tool["near"]) == ("not_found", ["add"])
    assert (toolkit["kind"], toolkit["near"]) == ("not_found", ["shop"])
    assert "Did you mean 'add'?" in tool["message"]


async def test_a_wrong_argument_is_named_before_anything_runs(driver: Driver) -> None:
    error = await driver.error("shop", "write", nam="x")

    assert (error["kind"], error["argument"], error["near"]) == ("argument", "nam", ["name"])
    assert driver.engine.asks == []
    assert (await driver.error("shop", "add", "three"))["argument"] == "a"
    assert (await driver.error("shop", "add"))["argument"] == "a"
    assert (await driver.error("shop", "add", 1, 2, 3))["kind"] == "argument"


async def test_an_effect_waits_for_a_person_and_runs_when_approved(driver: Driver) -> None:
    driver.guest.begin("shop", "write", "blue")
    await driver.engine.until(lambda: driver.engine.asks)
    ask = driver.engine.asks[0]
    assert driver.ledger() == []

    assert await driver.client.answer("run_1", ask.call_id, approved=True, by="olga")

    assert (await driver.finish())["v"] == {"wrote": "blue"}
    assert driver.ledger() == ["blue"]
    assert (ask.kind, ask.effect, ask.undo, ask.arguments_json) == ("approval", "WRITE", "remove it", '{"name":"blue"}')


async def test_a_person_who_says_no_is_named_with_the_reason_and_nothing_runs(driver: Driver) -> None:
    driver.answer_asks(approved=False, reason="not today")

    error = await driver.error("shop", "write", "blue")

    assert error["kind"] == "denied"
    assert error["message"] == "olga said no to shop.write: not today."
    assert driver.ledger() == []


async def test_an_answer_counts_once_and_only_for_a_waiting_call(driver: Driver) -> None:
    driver.guest.begin("shop", "write", "blue")
    ask = (await driver.engine.until(lambda: driver.engine.asks))[0]

    first = await driver.client.answer("run_1", ask.call_id, approved=False, by="olga")
    second = await driver.client.answer("run_1", ask.call_id, approved=True, by="mallory")

    assert (first, second) == (True, False)
    assert not (await driver.finish())["ok"]
    assert not await driver.client.answer("run_1", "run_1/99", approved=True, by="olga")


async def test_an_ask_nobody_answers_ends_as_denied(driver: Driver) -> None:
    await driver.open_run("run_2", approval_timeout_seconds=0.2, bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)

    error = await driver.error("shop", "write", "blue")

    assert (error["kind"], "nobody answered in time" in error["message"]) == ("denied", True)


async def test_a_caller_without_the_right_is_refused_without_asking(driver: Driver) -> None:
    await driver.open_run("run_2", rights=("shop:read",), bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)

    error = await driver.error("shop", "write", "blue")

    assert error["kind"] == "denied"
    assert "'shop:write'" in error["message"]
    assert driver.engine.asks == []


async def test_the_right_star_stands_for_all_but_still_asks(driver: Driver) -> None:
    await driver.open_run("run_2", rights=("*",), channel="cli", bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)
    driver.answer_asks()

    assert await driver.value("shop", "write", "blue") == {"wrote": "blue"}
    assert len(driver.engine.asks) == 1


@pytest.mark.parametrize(
    ("rules", "channel", "expected"),
    [
        ((ApprovalRule("allow", effect="WRITE"),), "chat", "ran"),
        ((ApprovalRule("allow", tool="shop.*"),), "chat", "ran"),
        ((ApprovalRule("deny", tool="shop.write"), ApprovalRule("allow")), "chat", "denied"),
        ((ApprovalRule("deny", channel="a2a"),), "a2a", "denied"),
        ((ApprovalRule("deny", channel="a2a"),), "chat", "asked"),
        ((ApprovalRule("ask", tool="other.*"), ApprovalRule("allow", effect="READ")), "chat", "asked"),
    ],
)
async def test_the_first_rule_that_fits_decides(
    driver: Driver, rules: tuple[ApprovalRule, ...], channel: str, expected: str
) -> None:
    await driver.open_run("run_2", rules=rules, channel=channel, bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)
    driver.answer_asks(approved=False)

    driver.guest.begin("shop", "write", "blue")
    answer = await driver.finish()

    asked = bool(driver.engine.asks)
    outcome = "ran" if answer["ok"] else "asked" if asked else "denied"
    assert outcome == expected


async def test_the_budget_of_calls_ends_a_loop(driver: Driver) -> None:
    await driver.open_run("run_2", budget=RunBudget(calls=3), bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)

    assert [await driver.value("shop", "add", n) for n in range(3)] == [2, 3, 4]
    error = await driver.error("shop", "add", 4)

    assert error["kind"] == "denied"
    assert "budget of 3 tool calls" in error["message"]


async def test_the_budget_of_seconds_counts_time_in_tools(driver: Driver) -> None:
    await driver.open_run("run_2", budget=RunBudget(seconds=0.05), bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)

    await driver.value("shop", "wait", 0.1)

    assert "seconds in tools" in (await driver.error("shop", "wait", 0.1))["message"]


async def test_a_form_gives_the_persons_values(driver: Driver) -> None:
    driver.answer_asks(value={"size": 3})

    value = await driver.value("card", "form", "Size?", [{"name": "size", "type": "number"}])

    assert value == {"size": 3}
    ask = driver.engine.asks[0]
    assert ask.kind == "form"
    assert ask.card is not None
    assert (ask.card["kind"], ask.card["title"]) == ("form", "Size?")
    assert driver.engine.cards == []


async def test_a_dismissed_form_is_denied(driver: Driver) -> None:
    driver.answer_asks(approved=False)

    assert (await driver.error("card", "form", "Size?", [{"name": "size"}]))["kind"] == "denied"


async def test_a_question_gives_yes_or_no_with_the_reason(driver: Driver) -> None:
    driver.answer_asks(approved=False, reason="too late")

    assert await driver.value("card", "approve", "Go?", "all of it") == {"approved": False, "reason": "too late"}
    assert driver.engine.asks[0].kind == "question"


async def test_a_card_goes_to_the_engine_and_not_back_into_the_action(driver: Driver) -> None:
    value = await driver.value("card", "table", "T", [{"a": 1}])

    assert value["shown"] == "table"
    await driver.engine.until(lambda: driver.engine.cards)
    assert driver.engine.cards[0]["rows"] == [{"a": 1}]
    assert driver.engine.cards[0]["surface_id"] == value["surface_id"]


async def test_say_and_search_are_answered_by_the_engine_and_journalled(driver: Driver) -> None:
    assert await driver.value("sanca", "say", "hello") == {"run": "run_1", "heard": {"text": "hello"}}
    assert await driver.value("sanca", "search_tools", "disk") == {"run": "run_1", "heard": {"query": "disk"}}
    assert [row.data["tool"] for row in await driver.journal("run_1", "call_requested")] == ["say", "search_tools"]


async def test_describe_is_answered_by_the_broker_and_is_no_call(driver: Driver) -> None:
    described = await driver.value("sanca", "describe")

    assert {toolkit["name"] for toolkit in described["toolkits"]} == {"sanca", "shop", "card", "page"}
    assert await driver.journal() == []


async def test_a_python_tool_sees_who_calls(driver: Driver) -> None:
    context = await driver.value("shop", "whoami")

    assert context["call_id"] == "run_1/1"
    assert (context["user"], context["session_id"], context["trace_id"]) == ("olga", "ses_1", "a" * 32)


async def test_a_python_tool_that_fails_or_hangs_is_told_with_its_reason(driver: Driver) -> None:
    failed, hung = await driver.error("shop", "fail"), await driver.error("shop", "hang")

    assert (failed["kind"], failed["message"]) == ("failed", "shop.fail failed: ValueError: no luck")
    assert hung["kind"] == "timeout"


async def test_closing_the_gate_ends_what_runs_and_what_waits(driver: Driver) -> None:
    outcomes: dict[str, CallOutcome] = {}

    async def call(tool: str, **arguments: Any) -> None:
        outcomes[tool] = await driver.client.call("run_1", "shop", tool, arguments)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(call, "wait", seconds=30))
        tasks.start_soon(partial(call, "slow_write", seconds=30))
        tasks.start_soon(partial(call, "write", name="blue"))
        expected = {"running wait", "running slow_write", "ask write"}
        await driver.engine.until(lambda: expected <= set(driver.engine.heard))
        records = await driver.client.close_gate("run_1")

    kinds = {tool: outcome.error.kind for tool, outcome in outcomes.items() if outcome.error is not None}
    assert kinds == {"wait": "cancelled", "slow_write": "unknown", "write": "cancelled"}
    assert {record.tool: record.status for record in records} == kinds
    assert driver.ledger() == []
    assert (await driver.error("shop", "add", 1))["kind"] == "cancelled"


async def test_outside_a_round_no_call_passes(driver: Driver) -> None:
    await driver.client.unbind("sandbox_1")

    error = await driver.error("shop", "add", 1)

    assert (error["kind"], "No action is running" in error["message"]) == ("denied", True)


async def test_the_engines_own_calls_pass_the_same_gate(driver: Driver) -> None:
    driver.answer_asks(approved=False)

    value = await driver.client.call("run_1", "shop", "add", {"a": 1})
    denied = await driver.client.call("run_1", "shop", "write", {"name": "x"})

    assert value.value == 3
    assert denied.error is not None
    assert denied.error.kind == "denied"
    kinds = [row.kind for row in await driver.journal()]
    assert kinds == ["call_requested", "call_finished", "approval_asked", "approval_answered", "call_finished"]


async def test_an_effects_request_is_on_the_disk_before_it_leaves(driver: Driver) -> None:
    assert await driver.value("shop", "look_into_journal") == ["call_requested"]


async def test_the_journal_tells_a_call_from_request_to_answer_with_trace_and_person(driver: Driver) -> None:
    driver.answer_asks(reason="fine")
    await driver.value("shop", "write", "blue")

    rows = await driver.journal()
    assert [row.kind for row in rows] == ["approval_asked", "approval_answered", "call_requested", "call_finished"]
    assert {(row.trace_id, row.session_id, row.data["call_id"]) for row in rows} == {("a" * 32, "ses_1", "run_1/1")}
    assert (rows[1].data["approved"], rows[1].data["by"], rows[1].data["reason"]) == (True, "olga", "fine")
    assert (rows[2].data["arguments_json"], rows[2].data["approved_by"]) == ('{"name":"blue"}', "olga")
    assert (rows[3].data["ok"], rows[3].data["value"]) == (True, {"wrote": "blue"})


async def test_facts_of_the_engine_keep_their_order_among_the_calls(driver: Driver) -> None:
    driver.client.append("run_1", "run_started", {"message": "hi"})
    await driver.client.call("run_1", "shop", "add", {"a": 1})
    driver.client.append("run_1", "event", {"seq": 1}, trace_id="b" * 32)
    driver.client.append("run_9", "event", {"seq": 1}, session_id="ses_9")

    rows = await driver.journal()
    assert [row.kind for row in rows] == ["run_started", "call_requested", "call_finished", "event"]
    assert (rows[0].session_id, rows[0].trace_id, rows[3].trace_id) == ("ses_1", "a" * 32, "b" * 32)
    assert [row.session_id for row in await driver.journal("run_9")] == ["ses_9"]


async def test_call_numbers_go_on_over_rounds_sessions_and_brokers(driver: Driver) -> None:
    await driver.value("shop", "add", 1)
    await driver.client.bind("sandbox_1", None, "run_1", 2)
    await driver.value("shop", "add", 1)
    await driver.client.call("run_1", "shop", "add", {"a": 1})
    await driver.client.close_run("run_1")
    await driver.open_run("run_1", bind=False)
    await driver.client.bind("sandbox_1", None, "run_1", 3)
    await driver.value("shop", "add", 1)

    rows = await driver.journal("run_1", "call_requested")
    assert [row.data["call_id"] for row in rows] == ["run_1/1", "run_1/2", "run_1/3", "run_1/4"]
    assert [row.data["round"] for row in rows] == [1, 2, 2, 3]


async def test_waiting_for_tools_and_persons_is_counted_and_begins_anew_with_a_bind(driver: Driver) -> None:
    driver.guest.begin("shop", "write", "blue")
    ask = (await driver.engine.until(lambda: driver.engine.asks))[0]
    first = await driver.client.waited_seconds("sandbox_1")
    await anyio.sleep(0.2)
    second = await driver.client.waited_seconds("sandbox_1")
    await driver.client.answer("run_1", ask.call_id, approved=True, by="olga")
    await driver.finish()

    assert second - first >= 0.19
    assert await driver.client.waited_seconds("sandbox_1") >= second
    await driver.client.bind("sandbox_1", None, "run_1", 2)
    assert await driver.client.waited_seconds("sandbox_1") == 0.0


async def test_call_records_are_told_before_unbind_returns(driver: Driver) -> None:
    for n in range(200):
        await driver.value("shop", "add", n)

    await driver.client.unbind("sandbox_1")

    ended = {record.call_id for record in driver.engine.records if record.status == "ok"}
    assert len(ended) + driver.engine.more["shop.add"] == 200


async def test_of_very_many_reads_at_once_the_ends_are_told_and_the_rest_is_counted(driver: Driver) -> None:
    def many() -> None:
        for number in range(1_500):
            assert driver.guest.value("shop", "give", number) == number

    await anyio.to_thread.run_sync(many)
    await driver.client.unbind("sandbox_1")

    told = {record.call_id for record in driver.engine.records if record.status == "ok"}
    assert len(told) + driver.engine.more["shop.give"] == 1_500
    assert {f"run_1/{number}" for number in (*range(1, 51), *range(1_451, 1_501))} <= told
    assert len(await driver.journal("run_1", "call_finished")) == 1_500


async def test_a_slow_read_is_shown_while_it_runs(driver: Driver) -> None:
    driver.guest.begin("shop", "wait", 0.5)

    await driver.engine.until(lambda: "running wait" in driver.engine.heard)

    assert driver.engine.records[-1].status == "running"
    assert (await driver.finish())["ok"]


async def test_waiting_is_told_before_the_ask(driver: Driver) -> None:
    driver.answer_asks()
    await driver.value("shop", "write", "blue")
    await driver.client.unbind("sandbox_1")

    heard = driver.engine.heard
    assert heard.index("waiting write") < heard.index("ask write") < heard.index("ok write")


async def test_records_are_short_where_arguments_are_long(driver: Driver) -> None:
    await driver.value("shop", "repeat", "x" * 5000, 1)
    await driver.client.unbind("sandbox_1")

    record = driver.engine.last("run_1/1")
    assert len(record.arguments["text"]) < 500
    assert "5,000 characters" in record.arguments["text"]
    assert len(record.summary) <= 160


async def test_big_values_pass_whole_and_too_big_ones_are_refused(driver: Driver) -> None:
    assert await driver.value("shop", "repeat", "é", 5_000_000) == "é" * 5_000_000

    error = await driver.error("shop", "repeat", "x", 68_000_000)

    assert "64 MB is the most" in error["message"]
    assert await driver.value("shop", "add", 1) == 3


@pytest.mark.parametrize(
    "frame", [b"", b"\x00", b"\x00\xc1", b"\x02abc", b"\x00\x93\x01\x02\x03", b"\x00\x81\xa1t\x01",
     b"\x00\x81\x90\x01", b"\x00\x81\x01\x01", b"\x00\x81\xa1a\xd4\x05\x00", b"\x00\xdf\xff\xff\xff\xff"],
)  # fmt: skip
async def test_a_guest_that_sends_nonsense_loses_its_channel_and_harms_nobody(driver: Driver, frame: bytes) -> None:
    driver.guest.socket.send(frame)
    assert await anyio.to_thread.run_sync(driver.guest.socket.recv, 100) == b""

    value = await driver.client.call("run_1", "shop", "add", {"a": 1})

    assert value.value == 3


@pytest.mark.parametrize("value", [b"bytes", 2**63 + 1, {"1": 2}, [[[[[1]]]]], "\U0001f40d", None])
async def test_odd_values_are_answered_one_way_or_the_other(driver: Driver, value: Any) -> None:
    driver.guest.begin("shop", "give", value)
    answer = await driver.finish()

    assert answer["ok"] or answer["e"]["kind"] in ("argument", "failed")
    assert await driver.value("shop", "add", 1) == 3


async def test_a_tool_name_of_megabytes_does_not_fill_the_journal(driver: Driver) -> None:
    error = await driver.error("x" * 2_000_000, "y" * 2_000_000)

    assert error["kind"] == "not_found"
    (row,) = await driver.journal("run_1", "call_finished")
    assert len(json.dumps(row.data)) < 1_000


async def test_the_budget_of_argument_bytes_keeps_the_journal_small(driver: Driver) -> None:
    await driver.open_run("run_2", budget=RunBudget(argument_bytes=10_000), bind=False)
    await driver.client.bind("sandbox_1", None, "run_2", 1)

    await driver.value("shop", "repeat", "x" * 6_000, 1)
    error = await driver.error("shop", "repeat", "x" * 6_000, 1)

    assert error["kind"] == "denied"
    assert "10,000 bytes of arguments" in error["message"]
    rows = await driver.journal("run_2")
    assert sum(len(json.dumps(row.data)) for row in rows) < 20_000


async def test_nobody_is_asked_to_agree_to_what_is_too_long_to_read(driver: Driver) -> None:
    error = await driver.error("shop", "write", "x" * 70_000)

    assert error["kind"] == "argument"
    assert "nobody can read" in error["message"]
    assert driver.engine.asks == []


async def test_records_are_short_where_lists_hold_lists_and_dicts(driver: Driver) -> None:
    texts = [[["x" * 400] * 20] * 20] * 20
    named = {f"{n}{'k' * 300}": {f"{m}{'k' * 300}": {"a": 1} for m in range(20)} for n in range(20)}
    for value in (texts, named):
        driver.guest.begin("shop", "give", value)
        await driver.finish()
    await driver.client.unbind("sandbox_1")

    for call_id in ("run_1/1", "run_1/2"):
        assert len(json.dumps(driver.engine.last(call_id).arguments)) < 10_000


async def test_an_argument_that_is_nested_too_deep_is_a_wrong_argument(driver: Driver) -> None:
    head = b"\x00\x84\xa1n\x00\xa1t\xa4shop\xa1f\xa6repeat\xa1k\x82\xa5times\x01\xa4text"
    driver.guest.socket.send(head + b"\x91" * 1_000 + b"\xc0")
    answer = await driver.finish()

    assert answer["e"]["kind"] == "argument"
