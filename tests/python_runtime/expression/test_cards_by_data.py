"""Which card the shape of a value asks for, and that what asks for none stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sanca.python_runtime.cards import card_messages
from sanca.python_runtime.expression.cards_by_data import card_for, card_for_frame
from sanca.python_runtime.expression.links import is_safe_address

PATCH = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
TIMES = [f"2026-11-21T10:0{minute}:00Z" for minute in range(5)]
METRICS = {"error_rate": [{"time": at, "value": number} for number, at in enumerate(TIMES)]}
SERVICES = [{"name": "checkout", "status": "up", "pid": 1}, {"name": "payment", "status": "down", "pid": None}]
LOGS = [{"time": TIMES[0], "level": "INFO", "message": "a"}, {"time": TIMES[1], "level": "WARN", "message": "b"}]
LINKS = [{"title": "Docs", "url": "https://docs.example.com"}, {"name": "Fleet", "where": "#/fleet", "what": "All"}]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("diff", PATCH),
        ("diff", "diff --git a/x b/x\n" + PATCH),
        ("diff", {"from_ref": "r1", "to_ref": "r2", "files": [{"path": "x.py", "added": 1, "patch": PATCH}]}),
        ("diff", {"path": "x.py", "patch": PATCH}),
        ("line_chart", METRICS),
        ("line_chart", [[at, 1.5] for at in TIMES]),
        ("line_chart", [{"time": at, "p95": 1, "p99": 2} for at in TIMES]),
        ("line_chart", [{"day": at, "service": name, "n": 1} for at in TIMES for name in ("a", "b")]),
        ("line_chart", {"a": [[at, None] for at in TIMES]}),
        ("links", LINKS),
        ("table", SERVICES),
        ("table", LOGS),
        ("table", {"checkout": {"status": "up", "pid": 1}, "payment": {"status": "down", "pid": 2}}),
        ("progress", {"done": 3, "total": 10}),
        ("facts", {"status": "up", "pid": 17, "ok": True}),
    ],
)
def test_the_shape_of_a_value_chooses_a_card_that_can_be_shown(kind: str, value: Any) -> None:
    card = card_for(json.loads(json.dumps(value)), "Result")
    assert card is not None
    assert card["kind"] == kind
    assert card_messages({**card, "surface_id": "s"})


@pytest.mark.parametrize(
    "value",
    [
        "a sentence",
        "--- not a diff",
        42,
        None,
        True,
        [],
        {},
        ["checkout", "payment"],
        [{"name": "only one row", "n": 1}],
        [{"only": 1}, {"only": 2}],
        {"one": 1},
        {"text": "x" * 301, "n": 1},
        {"nested": {"a": 1}, "n": 1},
        [{"a": 1}, 2],
        [["2026-11-21T10:00:00Z", 1]],
        {"done": 11, "total": 10, "who": ["x"]},
        [{"title": "Bad", "url": "javascript:alert(1)"}],
    ],
)
def test_what_asks_for_no_card_stays_text(value: Any) -> None:
    assert card_for(value, "Result") is None


def test_rows_with_two_numbers_at_one_time_are_a_table() -> None:
    rows = [{"time": TIMES[0], "value": 1}, {"time": TIMES[0], "value": 2}, {"time": TIMES[1], "value": 3}]
    card = card_for(rows, "R")
    assert card is not None
    assert card["kind"] == "table"


def test_lines_are_in_the_order_of_their_times() -> None:
    card = card_for([{"time": at, "n": 1} for at in reversed(TIMES)], "R")
    assert card is not None
    assert [x for x, _ in card["series"]["n"]] == TIMES


def test_a_frame_says_how_many_rows_are_not_shown_in_the_language() -> None:
    told = {"columns": ["region", "sum"], "rows": [["N", 1.5], ["S", None]], "total": 1_202}
    card = card_for_frame(told, "Sums")
    assert card is not None
    for language, note in (("en", "… 1,200 more rows not shown"), ("zh", "…… 还有 1,200 行未显示")):
        components = card_messages({**card, "surface_id": "s"}, language)[1]["updateComponents"]["components"]
        assert components[-1]["text"] == note


@pytest.mark.parametrize("told", [{}, {"columns": 1, "rows": [], "total": 0}, {"columns": [], "rows": "x", "total": 1}])
def test_a_frame_that_a_guest_made_up_is_no_card(told: dict[str, Any]) -> None:
    assert card_for_frame(told, "R") is None


@pytest.mark.parametrize(
    "url", ["https://a.example/b?c=d#e", "HTTP://a.example", "/orders/17", "#/fleet", "mailto:a@b.c"]
)
def test_addresses_of_the_web_and_the_portal_are_safe(url: str) -> None:
    assert is_safe_address(url)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "\tjavascript:x", "java\nscript:x", "data:text/html,x", "//evil.example", "/\\evil.example",
     "https:/\\evil.example", "vbscript:x", "file:///etc/passwd", "", "orders", "https://", "/" + "x" * 2_000],
)  # fmt: skip
def test_addresses_that_run_something_or_lead_elsewhere_in_disguise_are_not(url: str) -> None:
    assert not is_safe_address(url)
