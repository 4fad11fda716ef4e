"""A toolkit in the broker asks the person behind a call, and tells the administrator: with a real MCP server."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from broker_driver import Driver, driven
from mcp_box import odd
from sanca.mcp_adapters.pins import PinFile
from sanca.python_runtime.broker.form_fields import fields_of, values_of
from sanca.python_runtime.broker.records import ApprovalRule, Ask

pytestmark = pytest.mark.anyio
ALLOW = (ApprovalRule("allow", tool="mcp.*"),)


@pytest.fixture
async def asking(home: Path) -> AsyncIterator[Driver]:
    """A broker with a server that asks, whose calls need no approval."""
    entry = odd()
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}), encoding="utf-8")
    async with driven(home) as made:
        await made.open_run(rules=ALLOW)
        await made.engine.until(lambda: any(kit.name == "mcp.odd" for kit in made.client.toolkits), 30)
        yield made


async def test_a_server_s_question_is_a_form_of_the_run_and_its_answer_the_server_s(asking: Driver) -> None:
    asking.answer_asks(value={"size": 5, "colour": "red"})
    assert await asking.value("mcp.odd", "ask") == {"action": "accept", "data": {"size": 5, "colour": "red"}}
    (ask,) = asking.engine.asks
    assert (ask.kind, ask.toolkit, ask.tool) == ("form", "mcp.odd", "ask")
    assert ask.call_id.startswith("run_1/1/ask-")
    assert ask.card is not None
    assert ask.card["title"] == "The MCP server 'odd' asks: Which one?"
    assert [(one["name"], one["type"], one["required"]) for one in ask.card["fields"]] == [
        ("size", "number", False),
        ("colour", "text", True),
    ]
    rows = await asking.journal("run_1", "approval_asked", "approval_answered", "call_finished")
    assert [row.kind for row in rows] == ["approval_asked", "approval_answered", "call_finished"]
    assert rows[1].data["value"] == {"size": 5, "colour": "red"}


async def test_a_link_is_a_question_with_its_address_in_plain_sight(asking: Driver) -> None:
    asking.answer_asks(approved=False)
    assert await asking.value("mcp.odd", "ask_link", url="https://forms.example/x") == "decline"
    (ask,) = asking.engine.asks
    assert ask.kind == "question"
    assert ask.card is not None
    assert "`https://forms.example/x`" in ask.card["detail"]


async def test_a_person_may_take_longer_than_the_call_may(home: Path) -> None:
    entry = odd(timeout_seconds=3)
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}), encoding="utf-8")
    async with driven(home) as made:
        await made.open_run(rules=ALLOW)
        await made.engine.until(lambda: any(kit.name == "mcp.odd" for kit in made.client.toolkits), 30)

        async def answer_late(ask: Ask) -> None:
            await anyio.sleep(3.5)
            assert await made.client.answer(ask.run_id, ask.call_id, approved=True, by="olga", value={"colour": "red"})

        made.engine.on_ask_do = answer_late
        assert (await made.value("mcp.odd", "ask"))["action"] == "accept"
        (row,) = await made.journal("run_1", "call_finished")
        assert row.data["seconds"] < 3, "what a person takes is not the tool's time"


async def test_a_run_that_is_cancelled_while_it_asks_ends_at_once(asking: Driver) -> None:
    def call() -> None:
        asking.guest.begin("mcp.odd", "ask")

    await asking._in_thread(call)
    await asking.engine.until(lambda: asking.engine.asks)
    with anyio.fail_after(10):
        (record,) = await asking.client.close_gate("run_1")
    assert record.status in {"cancelled", "unknown", "failed", "denied"}


async def test_what_changed_at_a_server_is_in_health_until_the_administrator_agrees(home: Path) -> None:
    entry = odd(env={"ODD_DESCRIPTION": "One thing."})
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}), encoding="utf-8")
    async with driven(home) as made:
        await made.engine.until(lambda: any(kit.name == "mcp.odd" for kit in made.client.toolkits), 30)
    entry["env"] = {"ODD_DESCRIPTION": "Another thing."}
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}), encoding="utf-8")
    async with driven(home) as made:
        await made.open_run(rules=ALLOW)
        await made.engine.until(lambda: any(kit.name == "mcp.odd" for kit in made.client.toolkits), 30)
        error = await made.error("mcp.odd", "look")
        assert "administrator has to agree" in error["message"]
        health = await made.until_health(lambda told: "mcp.odd.changed" in told.problems)
        assert "Another thing." in health.problems["mcp.odd.changed"]
        PinFile(home).agree("odd", [])
        assert await made.value("mcp.odd", "look") == "looked"
        await made.until_health(lambda told: "mcp.odd.changed" not in told.problems)


async def test_a_server_that_cannot_be_reached_is_in_health_with_the_reason(home: Path) -> None:
    entry = {"command": sys.executable, "args": ["-c", "raise SystemExit('the module is missing')"]}
    (home / "toolkits.json").write_text(json.dumps({"mcpServers": {"gone": entry}}), encoding="utf-8")
    async with driven(home) as made:
        health = await made.until_health(lambda told: "mcp.gone.connection" in told.problems)
    assert "the module is missing" in health.problems["mcp.gone.connection"]


def test_a_schema_becomes_fields_and_a_person_s_answer_its_values() -> None:
    schema = {
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "title": "Size", "default": 3},
            "when": {"type": "string", "format": "date"},
            "colour": {"type": "string", "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]},
            "old": {"type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"], "default": "b"},
            "many": {"type": "array", "items": {"enum": ["x", "y"]}, "default": ["y"]},
            "sure": {"type": "boolean"},
            "rate": {"type": "number", "description": "per \u202eday"},
        },
    }
    fields = {one["name"]: one for one in fields_of(schema)}
    assert [(name, one["type"]) for name, one in fields.items()] == [
        ("size", "number"), ("when", "date"), ("colour", "choice"), ("old", "choice"), ("many/0", "boolean"),
        ("many/1", "boolean"), ("sure", "boolean"), ("rate", "number"),
    ]  # fmt: skip
    assert fields["colour"]["choices"] == ["Red", "Green"]
    assert (fields["old"]["default"], fields["many/1"]["default"], fields["rate"]["label"]) == (
        "B",
        True,
        "rate (per day)",
    )
    given = {"size": 4.0, "when": "", "colour": "Green", "old": "A", "many/0": True, "sure": False, "rate": "1.5"}
    assert values_of(schema, given) == {
        "size": 4, "colour": "g", "old": "a", "many": ["x"], "sure": False, "rate": 1.5,
    }  # fmt: skip
    assert fields_of({"properties": "no"}) == fields_of({}) == []
