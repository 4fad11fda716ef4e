"""What any AG-UI client can show of a run without knowing our activities: its state and its tool calls.

Both are drawn from the activities that the page gets (contracts page, section 5). Decides nothing and sends nothing.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ag_ui.core import (
    BaseEvent,
    StateDeltaEvent,
    StateSnapshotEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

_TEXT_CHARS = 300
_LISTED = 50
"""Of sub-goals, files and waiting asks so many are in the state: it is sent whole with each AG-UI run."""
_READS = 20
"""Of a round's reads so many are told singly: the journal keeps each event, and the state counts them all."""
_ENDED = frozenset({"ok", "failed", "denied", "cancelled", "unknown"})
_SPEAKS = ("sanca", "say")
"""What is said is a message already."""
_COUNTED = ("input_tokens", "output_tokens", "cost")

Operation = dict[str, Any]
Content = Mapping[str, Any]


class RunProgress:
    """The state of one run as it grows; tells what changed since it was last told."""

    def __init__(self, run_id: str, goal: str) -> None:
        self._state: dict[str, Any] = {
            "run": {"id": run_id, "status": "queued", "goal": goal[:_TEXT_CHARS]},
            "round": {"number": 0, "status": "", "strategy": "", "sub_goal": "", "calls": 0},
            "sub_goals": [],
            "waiting": [],
            "files": [],
            "usage": {"input_tokens": 0, "output_tokens": 0, "cost": 0.0, "currency": ""},
        }
        self._told: dict[str, Any] | None = None
        self._shown_calls: set[str] = set()
        self._ended_calls: set[str] = set()
        self._reads: Counter[int] = Counter()

    def begin(self) -> StateSnapshotEvent:
        """Return the whole state, for the beginning of an AG-UI run."""
        self._told = copy.deepcopy(self._state)
        return StateSnapshotEvent(snapshot=self._told)

    def change(self) -> BaseEvent | None:
        """Return what changed since the last time; None: nothing."""
        if self._told is None:
            return self.begin()
        operations = list(patch(self._told, self._state))
        if not operations:
            return None
        self._told = copy.deepcopy(self._state)
        return StateDeltaEvent.model_validate({"delta": operations})

    def set_status(self, status: str) -> None:
        """Say where the run stands; what waited waits no more when it is over."""
        self._state["run"]["status"] = status
        if status not in ("queued", "running", "needs_input"):
            self._state["waiting"] = []

    def take(self, kind: str, content: Content) -> Iterator[BaseEvent]:
        """Take an activity or custom event that is shown; yields the tool calls that it tells of for the first time."""
        if reader := _READERS.get(kind):
            reader(self._state, content)
        if kind == "sanca-round":
            for call in content["calls"]:
                if self._is_told(call, content["round"]):
                    yield from self._call_events(call)

    def _is_told(self, call: Content, number: int) -> bool:
        """Whether a call is told: every one that changes something or asks, and the first reads of a round."""
        if call["call_id"] in self._shown_calls or (call["toolkit"], call["tool"]) == _SPEAKS:
            return call["call_id"] in self._shown_calls
        if call["effect"] != "READ" or call["status"] == "waiting":
            return True
        self._reads[number] += 1
        return self._reads[number] <= _READS

    def _call_events(self, call: Content) -> Iterator[BaseEvent]:
        call_id = call["call_id"]
        if call_id not in self._shown_calls:
            self._shown_calls.add(call_id)
            yield ToolCallStartEvent(tool_call_id=call_id, tool_call_name=f"{call['toolkit']}.{call['tool']}")
            arguments = json.dumps(dict(call["arguments"]), ensure_ascii=False, default=str)
            yield ToolCallArgsEvent(tool_call_id=call_id, delta=arguments)
            yield ToolCallEndEvent(tool_call_id=call_id)
        if call["status"] in _ENDED and call_id not in self._ended_calls:
            self._ended_calls.add(call_id)
            said = call["summary"] or call["status"]
            content = said if call["status"] == "ok" else f"{call['status']}: {said}"
            yield ToolCallResultEvent(message_id=f"result-{call_id}", tool_call_id=call_id, content=content)


def patch(before: Any, after: Any, path: str = "") -> Iterator[Operation]:
    """Yield what makes one JSON value of another (RFC 6902): objects keep their keys, lists may change their length."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key, value in after.items():
            yield from patch(before[key], value, f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) <= len(after):
        for index, value in enumerate(before):
            yield from patch(value, after[index], f"{path}/{index}")
        yield from ({"op": "add", "path": f"{path}/-", "value": value} for value in after[len(before) :])
    elif before != after:
        yield {"op": "replace", "path": path, "value": after}


def _read_round(state: dict[str, Any], content: Content) -> None:
    state["round"] = {
        "number": content["round"],
        "status": content["status"],
        "strategy": content["strategy"],
        "sub_goal": str(content["sub_goal"] or "")[:_TEXT_CHARS],
        "calls": content["calls_total"],
    }


def _read_goals(state: dict[str, Any], content: Content) -> None:
    state["run"]["goal"] = str(content["goal"])[:_TEXT_CHARS]
    state["sub_goals"] = [
        {"id": one["id"], "title": str(one["title"])[:_TEXT_CHARS], "status": one["status"]}
        for one in content["sub_goals"][:_LISTED]
    ]


def _read_ask(state: dict[str, Any], content: Content) -> None:
    others = [one for one in state["waiting"] if one["id"] != content["call_id"]]
    tool = f"{content['toolkit']}.{content['tool']}" if content["toolkit"] else ""
    asked = {"id": content["call_id"], "kind": content["kind"], "tool": tool}
    asked["message"] = str(content["description"])[:_TEXT_CHARS]
    state["waiting"] = [*others, asked][:_LISTED] if content["state"] == "asked" else others
    if content["state"] == "asked":
        state["run"]["status"] = "needs_input"


def _read_file(state: dict[str, Any], content: Content) -> None:
    others = [one for one in state["files"] if one["id"] != content["file_id"]]
    named = {"id": content["file_id"], "name": content["name"], "media_type": content["media_type"]}
    state["files"] = [*others, {**named, "size_bytes": content["size_bytes"]}][-_LISTED:]


def _read_usage(state: dict[str, Any], content: Content) -> None:
    usage: dict[str, Any] = {name: state["usage"][name] + (content.get(name) or 0) for name in _COUNTED}
    usage["cost"] = round(usage["cost"], 6)
    state["usage"] = {**usage, "currency": content.get("currency") or state["usage"]["currency"]}


_READERS: Mapping[str, Callable[[dict[str, Any], Content], None]] = {
    "sanca-round": _read_round,
    "sanca-goals": _read_goals,
    "sanca-approval": _read_ask,
    "sanca-file": _read_file,
    "sanca-image": _read_file,
    "sanca.usage": _read_usage,
}
