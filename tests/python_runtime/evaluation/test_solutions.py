"""Which calls of a solution can be made at once, and where an action has to look first: the rule of the benchmark."""

from __future__ import annotations

from typing import Any

import pytest
from _solutions import TracedCall, TracedTurn, actions_of, batches_of, needs_of, stands_in
from sanca.core.tools import Effect
from sanca.python_runtime.evaluation.world_tools import WorldTool

Call = tuple[str, dict[str, Any], Any]


def turn_of(*calls: Call, message: str = "Do it for order 17.") -> TracedTurn:
    """Return a turn with calls; what begins with `set` changes something."""
    traced = []
    for name, arguments, result in calls:
        effect = Effect.WRITE if name.startswith("set") else Effect.READ
        traced.append(TracedCall("shop", WorldTool(name, "", effect=effect), arguments, result))
    given = [", ".join(f"{key}={value!r}" for key, value in arguments.items()) for _, arguments, _ in calls]
    lines = [f"shop.{name}({text})" for (name, _, _), text in zip(calls, given, strict=True)]
    return TracedTurn(message, "\n".join(lines), traced)


def batches(turn: TracedTurn) -> list[list[str]]:
    return [[call.tool.name for call in one] for one in batches_of(turn, needs_of(turn, turn.message))]


def test_calls_whose_values_are_known_are_made_at_once() -> None:
    turn = turn_of(("get", {"order": 17}, {"user": "ann_lee"}), ("set", {"order": 17, "note": "hello"}, None))
    assert batches(turn) == [["get", "set"]]


def test_a_value_of_an_earlier_result_makes_a_call_wait() -> None:
    turn = turn_of(("get", {"order": 17}, {"user": "ann_lee"}), ("look", {"user": "ann_lee"}, {}))
    assert batches(turn) == [["get"], ["look"]]
    assert actions_of(turn, needs_of(turn, turn.message), look_at=("read",), shows=False) == [turn.code]


def test_reads_move_ahead_but_not_past_a_change() -> None:
    calls: list[Call] = [
        ("get", {"order": 17}, {"user": "ann_lee"}),
        ("look", {"user": "ann_lee"}, {}),
        ("list", {}, []),
    ]
    assert batches(turn_of(*calls)) == [["get", "list"], ["look"]]
    calls[1] = ("set", {"user": "ann_lee"}, {})
    assert batches(turn_of(*calls)) == [["get"], ["set", "list"]]


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"user": "ann_lee"}, "whole"),
        ("ann_lee", "whole"),
        ([{"user": "ann_lee"}, {"user": "bob_ray"}], "chosen"),
        ({"ann_lee": {"age": 4}, "bob_ray": {"age": 5}}, "chosen"),
        ({"text": "The order belongs to ann_lee."}, "read"),
    ],
)
def test_how_a_value_is_had_decides_whether_an_action_looks(result: Any, kind: str) -> None:
    turn = turn_of(("get", {"order": 17}, result), ("look", {"user": "ann_lee"}, {}))
    needs = needs_of(turn, turn.message)
    assert [need.kind for need in needs[1]] == [kind]
    looked = actions_of(turn, needs, look_at=("read",), shows=False)
    strict = actions_of(turn, needs, look_at=("read", "chosen"), shows=False)
    assert (len(looked), len(strict)) == (2 if kind == "read" else 1, 1 if kind == "whole" else 2)


def test_shown_actions_end_in_all_results() -> None:
    turn = turn_of(("get", {"order": 17}, 1), ("list", {}, []))
    (action,) = actions_of(turn, needs_of(turn, turn.message), look_at=("read",), shows=True)
    assert action == "[\n    shop.get(order=17),\n    shop.list(),\n]"


def test_values_stand_as_words_of_their_own() -> None:
    assert stands_in(17, "order 17, please")
    assert not stands_in(17, "order 170")
    assert not stands_in(1, "1.5 litres"[2:])
    assert stands_in("a+b", "say a+b twice")
