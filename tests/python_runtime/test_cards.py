"""Card specifications become A2UI messages that a renderer with our catalog accepts, within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sanca.core.errors import ConversionError
from sanca.python_runtime.card_catalog import CATALOG_ID, check_messages
from sanca.python_runtime.cards import card_messages

FIELDS = [
    {"name": "a", "type": "text", "label": "A", "required": True},
    {"name": "n", "type": "number", "default": 3},
    {"name": "c", "type": "choice", "choices": ["x", "y"], "default": "y"},
    {"name": "b", "type": "boolean", "default": True},
    {"name": "d", "type": "date"},
]


def root(spec: dict[str, Any]) -> dict[str, Any]:
    messages = card_messages({"surface_id": "s1", **spec})
    components = {one["id"]: one for one in messages[1]["updateComponents"]["components"]}
    return {**components["root"], "all": components, "messages": messages}


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "text", "markdown": "**hi**", "title": "T"},
        {"kind": "facts", "title": "F", "items": {"a": 1, "b": None, "c": [1, 2], "d": float("inf")}},
        {"kind": "table", "title": "T", "rows": []},
        {"kind": "table", "title": "T", "rows": [{"a": 1, "b": {"x": 1}}]},
        {"kind": "line_chart", "title": "C", "series": {"p": [1, None, float("nan")], "q": [["2026-01-01", 3]]}},
        {"kind": "diff", "title": "D", "patch": "--- a\n+++ b\n", "path": "a.toml"},
        {"kind": "progress", "title": "P", "value": 0.5},
        {"kind": "form", "title": "F", "fields": FIELDS},
        {"kind": "approve", "title": "A", "detail": "Sure?"},
    ],
)
def test_every_kind_is_accepted_by_the_catalog_and_is_plain_json(spec: dict[str, Any]) -> None:
    messages = root(spec)["messages"]

    assert messages[0]["createSurface"]["catalogId"] == CATALOG_ID
    assert json.loads(json.dumps(messages, allow_nan=False)) == messages


def test_a_table_keeps_its_columns_and_says_what_was_cut() -> None:
    table = root({"kind": "table", "title": "T", "rows": [{"a": n, "b": "x"} for n in range(1_200)]})

    assert table["component"] == "Column"
    assert len(table["all"]["content"]["rows"]) == 1_000
    assert [column["key"] for column in table["all"]["content"]["columns"]] == ["a", "b"]
    assert "200 more rows" in table["all"]["note"]["text"]


def test_a_long_series_is_thinned_and_keeps_its_last_point() -> None:
    chart = root({"kind": "line_chart", "title": "C", "series": {"p": list(range(10_001))}, "unit": "ms"})

    points = chart["series"][0]["points"]
    assert len(points) <= 2_001
    assert points[-1] == [10_000, 10_000.0]


def test_a_form_starts_with_its_defaults() -> None:
    data = root({"kind": "form", "title": "F", "fields": FIELDS})["messages"][2]["updateDataModel"]["value"]

    assert data == {"a": "", "n": "3", "c": ["y"], "b": True, "d": ""}


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "hologram"},
        {"kind": "table", "title": "T", "rows": 5},
        {"kind": "line_chart", "title": "C", "series": {}},
        {"kind": "line_chart", "title": "C", "series": {"a": ["x"]}},
        {"kind": "facts", "items": {}},
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(spec: dict[str, Any]) -> None:
    with pytest.raises(ConversionError):
        card_messages({"surface_id": "s1", **spec})


def test_the_check_refuses_what_a_renderer_would() -> None:
    surface = {"version": "v0.9", "createSurface": {"surfaceId": "s", "catalogId": CATALOG_ID}}

    def with_root(**root_: Any) -> list[dict[str, Any]]:
        update = {"surfaceId": "s", "components": [{"id": "root", **root_}]}
        return [surface, {"version": "v0.9", "updateComponents": update}]

    check_messages(with_root(component="Facts", title="F", items=[]))
    for wrong in (
        {"component": "Hologram"},
        {"component": "Table", "rows": [[{"nested": 1}]]},
        {"component": "Chart", "series": []},
        {"component": "Facts", "items": [{"label": "a"}]},
        {"component": "Column", "children": ["nobody"]},
    ):
        with pytest.raises(ConversionError):
            check_messages(with_root(**wrong))


def test_a_card_that_is_too_large_for_a_page_is_refused() -> None:
    rows = [{f"c{n}": "x" * 2_000 for n in range(30)} for _ in range(1_000)]
    with pytest.raises(ConversionError, match="1,000,000 are the most"):
        root({"kind": "table", "title": "T", "rows": rows})
