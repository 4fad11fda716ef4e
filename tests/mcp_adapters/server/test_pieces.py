"""The pieces of the MCP server by themselves: settings, forms, progress, results, sessions, the key of the state."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import mcp_types as types
import pytest
from sanca.core.agent_runner import PendingAsk
from sanca.core.errors import ConfigurationError
from sanca.core.tools import CallError, CallOutcome, ToolDefinition
from sanca.mcp_adapters.server.base import KEY_FILE, read_state_key
from sanca.mcp_adapters.server.elicitation import answer_from, form_of
from sanca.mcp_adapters.server.following import progress_line
from sanca.mcp_adapters.server.sessions import SessionBook
from sanca.mcp_adapters.server.settings import McpServerSettings, read_settings
from sanca.mcp_adapters.server.toolkit_results import output_schema_of, result_from_outcome

APPROVAL = PendingAsk(
    id="run_a/1",
    kind="approval",
    message="Delete it",
    response_schema={"type": "object", "properties": {"approved": {"type": "boolean"}}, "required": ["approved"]},
    metadata={"toolkit": "shop", "tool": "drop", "argumentsJson": '{"name":"a\\u202eb"}', "effect": "DESTRUCTIVE"},
)


def test_nothing_of_the_toolkits_is_offered_by_default_and_patterns_offer_more() -> None:
    some = McpServerSettings(tools="system.*, orders.find")

    assert not McpServerSettings(tools="").offers("system", "logs")
    assert [some.offers(*one.split(":")) for one in ("system:logs", "orders:find", "orders:drop", "mcp.system:x")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_MCP_WAIT_SECONDS", "never")

    with pytest.raises(ConfigurationError, match="SANCA_MCP_WAIT_SECONDS='never' is not right"):
        read_settings()


def test_hidden_characters_of_what_is_agreed_to_are_spelled_out() -> None:
    ask = PendingAsk(**{**vars(APPROVAL), "metadata": {**APPROVAL.metadata, "argumentsJson": '{"name":"a\u202eb"}'}})

    shown = form_of(ask).message

    assert "shop.drop(" in shown
    assert "\u202e" not in shown
    assert "\\u202e" in shown


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (types.ElicitResult(action="accept", content={"approved": True}), True),
        (types.ElicitResult(action="accept", content={"approved": "true"}), False),
        (types.ElicitResult(action="accept"), False),
        (types.ElicitResult(action="decline"), False),
    ],
)
def test_only_true_is_a_yes(given: types.ElicitResult, wanted: bool) -> None:
    answer = answer_from(APPROVAL, given)

    assert answer is not None
    assert answer.approved is wanted


def test_a_form_that_was_put_aside_is_no_answer() -> None:
    assert answer_from(APPROVAL, types.ElicitResult(action="cancel")) is None
    assert answer_from(APPROVAL, None) is None


def test_a_forms_fields_are_plain_whatever_the_schema_says() -> None:
    fields = {"a": {"type": "object", "properties": {}}, "b": {"type": "number", "default": None}, "c": True}
    schema = {"properties": fields, "required": ["a", "gone"]}
    ask = PendingAsk(id="x", kind="form", message="Fill in", response_schema=schema)

    plain = form_of(ask).requested_schema

    assert plain == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "number"}, "c": {"type": "string"}},
        "required": ["a"],
    }


def test_progress_says_the_round_and_what_an_action_says_and_nothing_else() -> None:
    round_ = {"round": 2, "status": "running", "sub_goal": "find\u202e it"}
    events = [
        {"type": "ACTIVITY_SNAPSHOT", "activityType": "sanca-round", "content": round_},
        {"type": "ACTIVITY_SNAPSHOT", "activityType": "sanca-message", "content": {"text": "x" * 500}},
        {"type": "TEXT_MESSAGE_CONTENT", "delta": "secret"},
    ]

    lines = [progress_line(json.dumps(one)) for one in events]

    assert lines[0] == "Round 2: running – find it"
    assert len(lines[1]) == 200
    assert lines[2] == ""


def test_values_that_are_no_objects_are_wrapped_and_their_schema_too() -> None:
    numbers = ToolDefinition(
        name="n", output_schema={"type": "array", "items": {"$ref": "#/$defs/N"}, "$defs": {"N": {}}}
    )
    record = ToolDefinition(name="r", output_schema={"type": "object", "properties": {}})

    assert output_schema_of(numbers) == {
        "type": "object",
        "properties": {"result": {"type": "array", "items": {"$ref": "#/$defs/N"}}},
        "required": ["result"],
        "$defs": {"N": {}},
    }
    assert output_schema_of(record) == record.output_schema
    assert output_schema_of(ToolDefinition(name="s")) is None
    assert result_from_outcome(CallOutcome(ok=True, value=[1])).structured_content == {"result": [1]}
    assert result_from_outcome(CallOutcome(ok=True, value={"a": 1})).structured_content == {"a": 1}


def test_a_failed_call_tells_its_reason_and_close_names() -> None:
    error = CallError(kind="not_found", message="There is no tool 'bed'.", near=("beds",), stack=("Secret.java:12",))

    result = result_from_outcome(CallOutcome(ok=False, error=error))

    assert result.is_error
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    assert block.text == "There is no tool 'bed'. Close names: beds."


def test_a_session_that_was_idle_for_long_makes_room() -> None:
    told: list[str] = []
    book = SessionBook(each=1, idle_seconds=-61)
    book.on_end(told.append)
    book.opened("one", "olga")

    with book.using("one"):
        assert not book.may_open("olga")
    assert book.may_open("olga")
    assert told == ["one"]
    assert book.was_ended("one")


def test_the_key_of_the_state_outlives_a_restart_and_is_its_owners(tmp_path: Path) -> None:
    first = read_state_key(tmp_path)

    assert read_state_key(tmp_path) == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
