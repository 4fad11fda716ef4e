"""What a client that knows none of our activities learns of a run: state in small steps, tool calls once each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sanca.python_runtime.progress import RunProgress, patch

Event = dict[str, Any]


def dumped(event: Any) -> Event:
    return dict(json.loads(event.model_dump_json(by_alias=True)))


def call(call_id: str, status: str = "running", summary: str = "", **more: Any) -> Event:
    return {
        "call_id": call_id,
        "toolkit": "system",
        "tool": "logs",
        "arguments": {"service": "checkout"},
        "effect": "READ",
        "status": status,
        "summary": summary,
        **more,
    }


def a_round(*calls: Event, status: str = "running", number: int = 1) -> Event:
    return {
        "round": number,
        "status": status,
        "strategy": "experience",
        "sub_goal": "look",
        "calls": list(calls),
        "calls_total": len(calls),
    }


def ask(state: str, call_id: str = "run_1/2") -> Event:
    return {
        "call_id": call_id,
        "kind": "approval",
        "toolkit": "system",
        "tool": "restart",
        "description": "Restart checkout?",
        "state": state,
    }


def test_a_state_begins_whole_and_goes_on_in_what_changed() -> None:
    progress = RunProgress("run_1", "how is checkout")
    whole = dumped(progress.begin())["snapshot"]
    progress.set_status("running")
    list(progress.take("sanca-round", a_round(call("run_1/1"))))
    change = progress.change()

    assert whole["run"] == {"id": "run_1", "status": "queued", "goal": "how is checkout"}
    assert change is not None
    told = {one["path"]: one["value"] for one in dumped(change)["delta"]}
    assert told["/run/status"] == "running"
    assert told["/round/calls"] == 1
    assert progress.change() is None


def test_what_waits_is_in_the_state_until_it_is_answered() -> None:
    progress = RunProgress("run_1", "restart it")
    progress.begin()
    list(progress.take("sanca-approval", ask("asked")))
    asked = dumped(progress.change())["delta"]
    list(progress.take("sanca-approval", ask("approved")))
    progress.set_status("running")
    answered = dumped(progress.change())["delta"]

    waiting = {"id": "run_1/2", "kind": "approval", "tool": "system.restart", "message": "Restart checkout?"}
    assert {"op": "add", "path": "/waiting/-", "value": waiting} in asked
    assert {"op": "replace", "path": "/waiting", "value": []} in answered


def test_a_run_that_ends_waits_for_nothing() -> None:
    progress = RunProgress("run_1", "restart it")
    list(progress.take("sanca-approval", ask("asked")))
    progress.set_status("cancelled")

    assert dumped(progress.begin())["snapshot"]["waiting"] == []


def test_a_call_is_told_when_it_begins_and_when_it_ended_and_never_again() -> None:
    progress = RunProgress("run_1", "look")
    begun = [dumped(one) for one in progress.take("sanca-round", a_round(call("c1")))]
    again = list(progress.take("sanca-round", a_round(call("c1"))))
    ended = [dumped(one) for one in progress.take("sanca-round", a_round(call("c1", "failed", "no such service")))]
    later = list(progress.take("sanca-round", a_round(call("c1", "failed", "no such service"), status="error")))

    assert [one["type"] for one in begun] == ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"]
    assert begun[0]["toolCallName"] == "system.logs"
    assert json.loads(begun[1]["delta"]) == {"service": "checkout"}
    assert [one["type"] for one in ended] == ["TOOL_CALL_RESULT"]
    assert ended[0]["content"] == "failed: no such service"
    assert again == later == []


def test_what_is_said_is_no_tool_call() -> None:
    said = call("c1", "ok", toolkit="sanca", tool="say")

    assert list(RunProgress("run_1", "talk").take("sanca-round", a_round(said))) == []


def test_of_many_reads_the_first_are_told_and_of_changes_all() -> None:
    reads = [call(f"r{number}", "ok") for number in range(30)]
    changes = [call(f"w{number}", "ok", effect="WRITE") for number in range(30)]
    asks = [call("asked", "waiting")]
    progress = RunProgress("run_1", "look")
    events = [dumped(one) for one in progress.take("sanca-round", a_round(*reads, *changes, *asks))]
    again = list(progress.take("sanca-round", a_round(*reads, *changes, *asks)))
    told = [one["toolCallId"] for one in events if one["type"] == "TOOL_CALL_START"]

    assert told == [*(f"r{number}" for number in range(20)), *(f"w{number}" for number in range(30)), "asked"]
    assert len([one for one in events if one["type"] == "TOOL_CALL_RESULT"]) == 50
    assert again == []
    assert dumped(progress.begin())["snapshot"]["round"]["calls"] == 61


def test_files_goals_and_usage_add_up() -> None:
    progress = RunProgress("run_1", "write it")
    progress.begin()
    file = {"file_id": "f1", "name": "a.csv", "size_bytes": 3, "media_type": "text/csv"}
    goals = {"goal": "write a table", "sub_goals": [{"id": "g1", "title": "count", "status": "open", "reason": ""}]}
    for kind, content in (("sanca-file", file), ("sanca-file", file), ("sanca-goals", goals)):
        list(progress.take(kind, content))
    for _ in range(2):
        list(progress.take("sanca.usage", {"input_tokens": 5, "output_tokens": 2, "cost": 0.1, "currency": "USD"}))
    state = dumped(progress.begin())["snapshot"]

    assert state["files"] == [{"id": "f1", "name": "a.csv", "size_bytes": 3, "media_type": "text/csv"}]
    assert state["sub_goals"] == [{"id": "g1", "title": "count", "status": "open"}]
    assert state["run"]["goal"] == "write a table"
    assert state["usage"] == {"input_tokens": 10, "output_tokens": 4, "cost": 0.2, "currency": "USD"}


def test_a_change_before_the_beginning_is_the_whole_state() -> None:
    progress = RunProgress("run_1", "look")
    progress.set_status("interrupted")
    change = progress.change()

    assert change is not None
    assert dumped(change)["type"] == "STATE_SNAPSHOT"


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": None}, [{"op": "replace", "path": "/a", "value": None}]),
        ({"a": [1]}, {"a": [1, 2]}, [{"op": "add", "path": "/a/-", "value": 2}]),
        ({"a": [1, 2]}, {"a": [2]}, [{"op": "replace", "path": "/a", "value": [2]}]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [{"op": "replace", "path": "/a/0/b", "value": 2}]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [{"op": "replace", "path": "/a", "value": {"c": 1}}]),
    ],
)
def test_only_what_differs_is_in_a_patch(before: Any, after: Any, operations: list[Event]) -> None:
    assert list(patch(before, after)) == operations
